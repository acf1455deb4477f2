#include "holdfast/storage/log_tail.h"

#include <rocksdb/transaction_log.h>

#include <chrono>
#include <string>
#include <thread>

#include "batch_check.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/log_applier.h"
#include "rocks.h"
#include "wal_files.h"

namespace holdfast::storage {
namespace {

constexpr std::size_t max_hints = 64;
constexpr int read_attempts = 5;

Error log_gone(const Position& from) {
  return {ErrorKind::not_found, "log_gone", "The log does not reach back that far.", to_string(from)};
}
Error position_unknown(const Position& from) {
  return {ErrorKind::conflict, "position_unknown", "This history does not contain that position.",
          to_string(from)};
}
Error log_damaged(std::string why) {
  return {ErrorKind::corrupt, "log_damaged", "The log of this region is damaged.", std::move(why)};
}

/// One pass over the log. Takes the batches after `from` as long as each one follows the one before it.
class TailWalk {
 public:
  TailWalk(const Position& from, const Head& bound, std::size_t max_bytes)
      : from_(from), bound_(bound), max_bytes_(max_bytes) {}

  /// Whether to go on. A gap ends the walk without an error: what was taken before it is good.
  Result<bool> visit(std::uint64_t sequence, const rocksdb::WriteBatch& operations) {
    if (operations.Count() == 0)
      return true;  // a damaged log gains such a record; our writers never make one
    TRY(const auto head, head_at_end(operations.Data()));
    if (head.index < from_.index) return true;
    if (head.index == from_.index) {
      if (position_of(head) != from_) return fail(position_unknown(from_));
      previous_ = head;
      return true;
    }
    if (head.index > bound_.index || head.index != next_index()) return false;
    TRY(auto batch, parse_batch(operations.Data()));
    if (batch.first_sequence != sequence)
      return fail(log_damaged("sequence of batch " + std::to_string(head.index)));
    if (previous_ && head.hash != chain_hash(*previous_, hashed_operations(batch.rep))) {
      return fail(log_damaged("hash of batch " + std::to_string(head.index)));
    }
    if (!taken_.empty() && bytes_ + batch.rep.size() > max_bytes_) return false;
    bytes_ += batch.rep.size();
    previous_ = head;
    taken_.push_back(std::make_shared<const RawBatch>(std::move(batch)));
    return bytes_ < max_bytes_ && head.index < bound_.index;
  }

  [[nodiscard]] std::vector<RawBatchPtr> take() { return std::move(taken_); }

 private:
  [[nodiscard]] std::uint64_t next_index() const {
    return (taken_.empty() ? from_.index : previous_->index) + 1;
  }

  const Position& from_;
  const Head& bound_;
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::optional<Head> previous_;
  std::vector<RawBatchPtr> taken_;
};

/// The batches, or an empty answer when the walk never met the next one.
Result<std::vector<RawBatchPtr>> walk_log(const RocksStore& store, std::uint64_t sequence, TailWalk walk) {
  std::unique_ptr<rocksdb::TransactionLogIterator> iterator;
  const auto status = store.db->GetUpdatesSince(sequence, &iterator);
  if (!status.ok()) return walk.take();
  for (; iterator->Valid(); iterator->Next()) {
    const auto batch = iterator->GetBatch();
    TRY(const bool go_on, walk.visit(batch.sequence, *batch.writeBatchPtr));
    if (!go_on) break;
  }
  return walk.take();
}

/// The first sequence of the last file that may hold the batch at `index`; the oldest file's when all begin
/// later.
Result<std::uint64_t> search_files(const RocksStore& store, const std::vector<WalFile>& files,
                                   std::uint64_t index) {
  std::size_t low = 0;
  std::size_t high = files.size();
  while (high - low > 1) {
    const auto middle = low + (high - low) / 2;
    TRY(const auto first, first_index_of(store, files[middle]));
    (first <= index ? low : high) = middle;
  }
  return files[low].start_sequence;
}

Result<std::uint64_t> first_index_of_log(const RocksStore& store) {
  TRY(const auto files, list_wal_files(store));
  for (const auto& file : files) {
    if (const auto first = first_index_of(store, file)) return *first;
  }
  return std::uint64_t{0};
}

/// Why nothing was found behind `from`.
Result<std::vector<RawBatchPtr>> explain_nothing(const RocksStore& store, const Position& from) {
  TRY(const auto oldest, first_index_of_log(store));
  if (oldest == 0 || oldest > from.index + 1) return fail(log_gone(from));
  return fail(log_damaged("no batch after " + std::to_string(from.index) + ", log begins at " +
                          std::to_string(oldest)));
}

}  // namespace

LogTail::LogTail(CoreDb& db, SyncedPosition synced) : db_(db), synced_(std::move(synced)) {
  if (!synced_) synced_ = [&db] { return db.durable(); };
}

Result<std::vector<RawBatchPtr>> LogTail::read_after(const Position& from, std::size_t max_bytes) {
  const auto store = db_.rocks();
  const auto bound = synced_();
  if (from.index > bound.index) return fail(position_unknown(from));
  if (from.index == 0 && from != position_of(Head{})) return fail(position_unknown(from));
  if (from.index == bound.index) {
    if (from != position_of(bound)) return fail(position_unknown(from));
    return std::vector<RawBatchPtr>{};
  }
  const FilesStay stay(store);
  for (int attempt = 0; attempt < read_attempts; ++attempt) {
    // What RocksDB says is a hint; look again before calling the log lost.
    std::this_thread::sleep_for(std::chrono::milliseconds(attempt));
    const auto files = list_wal_files(*store);
    if (!files) continue;
    if (files->empty()) return fail(log_gone(from));
    const auto hint = attempt == 0 ? hint_for(*store, from) : 0;
    const auto sequence = hint != 0 ? Result<std::uint64_t>(hint) : search_files(*store, *files, from.index);
    if (!sequence) continue;
    TRY(auto batches, walk_log(*store, *sequence, TailWalk(from, bound, max_bytes)));
    if (batches.empty()) continue;
    remember(*store, *batches.back());
    return batches;
  }
  return explain_nothing(*store, from);
}

Result<std::uint64_t> LogTail::oldest_index() {
  const auto store = db_.rocks();
  const FilesStay stay(store);
  return first_index_of_log(*store);
}

std::uint64_t LogTail::hint_for(const RocksStore& store, const Position& from) {
  const std::scoped_lock lock(mutex_);
  if (hints_of_ != store.path) return 0;
  const auto found = hints_.find(from.index);
  return found == hints_.end() ? 0 : found->second;
}

void LogTail::remember(const RocksStore& store, const RawBatch& last) {
  const std::scoped_lock lock(mutex_);
  if (hints_of_ != store.path) hints_.clear();
  hints_of_ = store.path;
  hints_[last.head.index] = last.first_sequence;
  // The readers that are furthest behind search again; they are slow anyway.
  while (hints_.size() > max_hints) hints_.erase(hints_.begin());
}

}  // namespace holdfast::storage
