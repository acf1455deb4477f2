#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "holdfast/base/result.h"
#include "holdfast/storage/position.h"
#include "holdfast/storage/raw_batch.h"

namespace holdfast::storage {

class CoreDb;
struct RocksStore;

/// The head up to which this region's log is known to be on disk: by default CoreDb::durable, which the
/// Committer publishes at a primary and the LogApplier at a secondary. Nothing above it leaves the process.
/// Called from any thread.
using SyncedPosition = std::function<Head()>;

/// Reads committed batches from the write-ahead log on disk, for peers that are further behind than the
/// BatchRing reaches. RocksDB's own answers are hints (its iterator skips logs that are being archived,
/// returns unsynced writes, and says OK when the log is gone), so every batch is judged by the head record it
/// ends with: only a gapless run whose hashes chain is ever returned. Each call scans one log file (16 MB) up
/// to where it goes on: ask for 1 MiB or more at once. Blocking file I/O: use it on a pool thread.
/// Thread-safe. Lives no longer than its CoreDb.
class LogTail {
 public:
  explicit LogTail(CoreDb& db, SyncedPosition synced = {});

  /// The batches after `from`, oldest first, without a gap: at least one if there is one at or below the
  /// synced position, no more than `max_bytes` otherwise. Empty when `from` is the synced head. Where the log
  /// begins right after `from`, the batch of `from` itself cannot be compared any more: the receiver's chain
  /// check decides then. Errors: `not_found`/`log_gone` (purged: a snapshot is needed),
  /// `conflict`/`position_unknown` (this history does not contain `from`: a fork, or it lies above the synced
  /// position), `corrupt`/`log_damaged`.
  [[nodiscard]] Result<std::vector<RawBatchPtr>> read_after(const Position& from, std::size_t max_bytes);

 private:
  std::uint64_t hint_for(const RocksStore& store, const Position& from);
  void remember(const RocksStore& store, const RawBatch& last);

  CoreDb& db_;
  SyncedPosition synced_;
  std::mutex mutex_;
  /// Where recent answers ended, index → first sequence of that batch, so that going on needs no search among
  /// the logs.
  std::map<std::uint64_t, std::uint64_t> hints_;
  std::filesystem::path hints_of_;  ///< the store they belong to; an install exchanges it
};

}  // namespace holdfast::storage
