#pragma once

#include <rocksdb/write_batch.h>

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "holdfast/base/result.h"
#include "holdfast/storage/change_observer.h"
#include "holdfast/storage/position.h"
#include "holdfast/storage/raw_batch.h"
#include "holdfast/storage/transaction.h"
#include "rocks.h"

namespace holdfast::storage {

/// The merged batch that the commit thread builds: transactions go in one by one, each checked against the
/// store plus what is already inside. Used by the commit thread alone.
class CommitBatch {
 public:
  explicit CommitBatch(std::shared_ptr<RocksStore> store) : store_(std::move(store)) {}

  /// Takes the transaction's operations in if all its preconditions hold, else nothing of it.
  Result<> add(const Transaction& transaction);
  [[nodiscard]] bool empty() const { return changes_.empty(); }
  [[nodiscard]] const std::vector<Change>& changes() const { return changes_; }

  /// Appends the head record that follows `previous` and writes everything with one sync. Call once.
  Result<RawBatchPtr> write(const Head& previous, Term term, WallTime now);

 private:
  Result<> check(const Transaction::Precondition& precondition);
  /// The row's tag as this batch would leave it; empty when absent. Nobody else writes meanwhile, so a row is
  /// read once for all transactions that ask for it: those of one app all ask for its state.
  Result<std::optional<RowTag>> current(Family family, const Bytes& key);

  std::shared_ptr<RocksStore> store_;
  rocksdb::WriteBatch batch_;
  std::vector<Change> changes_;
  std::map<std::pair<Family, Bytes>, std::optional<RowTag>> known_;
};

}  // namespace holdfast::storage
