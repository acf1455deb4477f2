#include "holdfast/storage/log_tail.h"

#include <rocksdb/transaction_log.h>

#include <chrono>
#include <string>
#include <thread>

#include "batch_check.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/log_applier.h"
#include "rocks.h"
#include "tail_walk.h"
#include "wal_files.h"

namespace holdfast::storage {
namespace {

constexpr std::size_t max_hints = 64;
constexpr int read_attempts = 5;

Error log_gone(const Position& from) {
  return {ErrorKind::not_found, "log_gone", "The log does not reach back that far.", to_string(from)};
}

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

/// 0 for an empty log.
Result<std::uint64_t> first_index_of_log(const RocksStore& store) {
  TRY(const auto files, list_wal_files(store));
  for (const auto& file : files) {
    const auto first = first_index_of(store, file);
    if (first) return *first;
    // The disk's, or a lack of files: no word about the log.
    if (first.error().kind == ErrorKind::internal) return fail(first.error());
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
