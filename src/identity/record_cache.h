#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "holdfast/base/bytes.h"
#include "holdfast/base/result.h"
#include "holdfast/storage/core_db.h"

namespace holdfast::identity {

/// Decoded records by key, kept right by storage observers on primaries and secondaries alike: a change
/// forgets the entry, an installed snapshot forgets all. Thread-safe. Holds at most `limit` entries; a full
/// cache starts over, which only costs reads.
template <class Value>
class RecordCache {
 public:
  using Pointer = std::shared_ptr<const Value>;
  /// Turns a changed row's key into the key of the entry that it is part of.
  using EntryOf = std::function<Bytes(BytesView row_key)>;

  RecordCache(
      storage::CoreDb& db, const storage::Table& table, std::size_t limit,
      EntryOf entry_of = [](BytesView key) { return Bytes(key); })
      : limit_(limit),
        row_(db.observe(
            table, [this, entry_of = std::move(entry_of)](BytesView key, bool) { forget(entry_of(key)); })),
        reset_(db.on_reset([this] { forget_all(); })) {}
  RecordCache(const RecordCache&) = delete;
  RecordCache& operator=(const RecordCache&) = delete;

  /// `load` gives Result<Pointer>; errors, absence included, are not kept.
  template <class Load>
  Result<Pointer> get(const Bytes& key, Load load) {
    std::uint64_t seen = 0;
    {
      const std::shared_lock lock(mutex_);
      if (const auto found = entries_.find(key); found != entries_.end()) return found->second;
      seen = changes_;
    }
    TRY(Pointer value, load());
    const std::unique_lock lock(mutex_);
    // A change that was announced while the old row was being read must not be outlived by it.
    if (seen == changes_) {
      if (entries_.size() >= limit_) entries_.clear();
      entries_[key] = value;
    }
    return value;
  }

 private:
  void forget(const Bytes& key) {
    const std::unique_lock lock(mutex_);
    ++changes_;
    entries_.erase(key);
  }
  void forget_all() {
    const std::unique_lock lock(mutex_);
    ++changes_;
    entries_.clear();
  }

  std::size_t limit_;
  std::shared_mutex mutex_;
  std::unordered_map<Bytes, Pointer> entries_;
  std::uint64_t changes_ = 0;
  storage::Subscription row_;
  storage::Subscription reset_;
};

}  // namespace holdfast::identity
