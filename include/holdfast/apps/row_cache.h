#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <utility>

#include "holdfast/base/result.h"

namespace holdfast::apps {

/// Rows of small registries, kept in memory until an observer says that they changed: `forget` and
/// `forget_all` run on the writing thread, before the write is answered. A row that was read before a change
/// does not enter after it. Absence is not cached, so strangers' names cost no memory. Thread-safe.
template <class Key, class Row>
class RowCache {
 public:
  using Pointer = std::shared_ptr<const Row>;

  /// Null for none. `read(key)` gives Result<std::optional<Row>> from the store; it runs outside the lock.
  template <class Read>
  Result<Pointer> find(const Key& key, Read read) {
    std::uint64_t changes_before = 0;
    {
      const std::shared_lock lock(mutex_);
      if (const auto cached = rows_.find(key); cached != rows_.end()) return cached->second;
      changes_before = changes_;
    }
    TRY(std::optional<Row> found, read(key));
    if (!found) return Pointer();
    auto row = std::make_shared<const Row>(*std::move(found));
    const std::unique_lock lock(mutex_);
    if (changes_ == changes_before) rows_.insert_or_assign(key, row);
    return row;
  }

  void forget(const Key& key) {
    const std::unique_lock lock(mutex_);
    ++changes_;
    rows_.erase(key);
  }

  void forget_all() {
    const std::unique_lock lock(mutex_);
    ++changes_;
    rows_.clear();
  }

 private:
  std::shared_mutex mutex_;
  std::map<Key, Pointer> rows_;
  std::uint64_t changes_ = 0;
};

}  // namespace holdfast::apps
