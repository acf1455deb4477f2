#pragma once

#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <vector>

#include "holdfast/region/listeners.h"
#include "holdfast/region/member.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/transaction.h"

namespace holdfast::region {

/// The replicated node table, kept in memory (a handful of rows) and refreshed by a storage observer, so that
/// a secondary's view is right for the same reason as a primary's. Thread-safe. Must outlive nothing but its
/// CoreDb.
class Members {
 public:
  /// Reads every row; `self` is this region's own name (its row may not exist yet while joining).
  static Result<std::unique_ptr<Members>> open(storage::CoreDb& db, RegionName self);

  [[nodiscard]] const RegionName& self_name() const { return self_; }
  [[nodiscard]] std::optional<Member> self() const { return find(self_); }
  [[nodiscard]] std::optional<Member> find(const RegionName& name) const;
  /// Active members only: an unknown or removed key is nobody.
  [[nodiscard]] std::optional<Member> find_by_spki_hash(BytesView spki_hash) const;
  /// Every row, removed members included, by name.
  [[nodiscard]] std::vector<Member> all() const;
  /// Active members other than this region, by name.
  [[nodiscard]] std::vector<Member> others() const;

  /// Runs after any row changed (also after a snapshot was installed), on the thread that wrote.
  [[nodiscard]] Subscription on_change(std::function<void()> callback) {
    return changed_.add(std::move(callback));
  }

  /// Rows that a joiner was given before its first snapshot; ignored where the table has rows of its own.
  void bootstrap(std::vector<Member> members);

  /// Makes the transaction fail with `already_exists` unless no active member has that name when it is
  /// committed. `name_signed_terms` (conflict) for a removed one that was primary once.
  static Result<> require_free(storage::Transaction& transaction, const storage::Reader& reader,
                               const RegionName& name);
  /// Adds or replaces a row. The caller's Transaction decides the preconditions.
  static Result<> put(storage::Transaction& transaction, const Member& member);

 private:
  Members(storage::CoreDb& db, RegionName self) : db_(&db), self_(std::move(self)) {}
  Result<> reload();

  storage::CoreDb* db_;
  RegionName self_;
  mutable std::shared_mutex mutex_;
  std::map<RegionName, Member> rows_;
  Listeners<> changed_;
  std::vector<storage::Subscription> subscriptions_;
};

}  // namespace holdfast::region
