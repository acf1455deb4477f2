#pragma once

#include <cstdint>
#include <string_view>

#include "holdfast/base/result.h"
#include "holdfast/storage/position.h"
#include "holdfast/storage/raw_batch.h"

namespace holdfast::storage {

class CoreDb;

/// The only writer of a secondary's core.db. Takes the primary's batches one by one, trusts nothing about
/// them, and writes each with exactly one Write, so that the log here equals the log there byte for byte. The
/// heads that it reached are CoreDb::applied and CoreDb::durable. One thread at a time (the replication
/// sink's), and never beside a Committer that is open. Follows an exchange of the store (CoreDb::replace) by
/// itself. Lives no longer than its CoreDb.
class LogApplier {
 public:
  explicit LogApplier(CoreDb& db) : db_(db) {}

  /// Checks the batch (check_batch), that it follows the applied head (index, term, hash chain) and that it
  /// carries the next sequence, writes it (not synced), fires the observers. Gives the new head. Errors,
  /// nothing written: `corrupt`/`batch_refused` (the sender is wrong), `conflict`/`batch_out_of_order` (a gap
  /// or a repeat), `conflict`/`history_differs` (the batch belongs to another history).
  /// `storage_full`: may be tried again once there is room.
  /// `unavailable`/`storage_failed`: the store failed now or before; nothing is applied any more in this
  /// process's life.
  Result<Head> apply(const RawBatch& batch);

  /// Syncs the log and gives the head that is durable now. One call covers all batches applied so far.
  /// Errors: `unavailable`/`storage_failed`.
  Result<Head> sync();

 private:
  CoreDb& db_;
};

/// Whether these bytes are a batch that Holdfast's own writers could have made: a whole WriteBatch whose
/// header says `first_sequence` and the true count, puts and deletes in known families only, and exactly one
/// head record, as its very last operation, equal to `batch.head`. Refused: merges, range and single deletes,
/// wide columns, blob indexes, log data, no-ops, two-phase marks, trailing or missing bytes, more than
/// max_batch_bytes. Reads no store. Errors: `corrupt`/`batch_refused`.
Result<> check_batch(const RawBatch& batch);

/// The batch in `rep`, RocksDB's WriteBatch bytes, after the same checks.
Result<RawBatch> parse_batch(Bytes rep);

}  // namespace holdfast::storage
