#include "holdfast/storage/log_applier.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <string>
#include <vector>

#include "batch_check.h"
#include "error_guard.h"
#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/step.h"
#include "rocks.h"

namespace holdfast::storage {
namespace {

metrics::Metric batches_applied{metrics::Kind::counter, "holdfast_batches_applied_total",
                                "Batches of the primary written to this region's store."};

/// Whatever went wrong, the store may no longer be what the stream says: nothing is written any more.
std::unexpected<Error> applier_failed(const RocksStore& store, std::string reason) {
  store.guard->fail(reason);
  return fail(ErrorKind::unavailable, "storage_failed", "This region's store failed; writing has ended.",
              std::move(reason));
}

Result<> check_follows(const RawBatch& batch, const Head& current) {
  const auto& head = batch.head;
  const auto places = std::to_string(head.index) + " after " + std::to_string(current.index);
  if (head.index != current.index + 1) {
    return fail(ErrorKind::conflict, "batch_out_of_order", "The batch does not follow.", places);
  }
  if (head.term < current.term || head.hash != chain_hash(current, hashed_operations(batch.rep))) {
    return fail(ErrorKind::conflict, "history_differs", "The batch belongs to another history.", places);
  }
  return {};
}

}  // namespace

Result<Head> LogApplier::apply(const RawBatch& batch) {
  const auto store = db_.rocks();
  if (const auto failure = store->guard->failure()) return applier_failed(*store, *failure);
  std::vector<Change> changes;
  TRY_VOID(check_operations(batch, [&](Family family, BytesView key, bool deleted) {
    changes.push_back({.family = family, .key = Bytes(key), .deleted = deleted});
  }));
  TRY_VOID(check_follows(batch, store->applied()));
  if (const auto last = store->db->GetLatestSequenceNumber(); batch.first_sequence != last + 1) {
    // The hash chain does not cover the number, so this may be the sender's invention: refused, not a failed
    // store.
    return fail(ErrorKind::corrupt, "batch_refused", "The batch is not one that this cluster writes.",
                "sequence " + std::to_string(batch.first_sequence) + " after " + std::to_string(last));
  }
  TRY_VOID(check_free_bytes(*store->db->GetEnv(), store->path, apply_floor_bytes));
  reached("apply.checked");
  rocksdb::WriteBatch operations(batch.rep);
  const auto status = store->db->Write(rocksdb::WriteOptions(), &operations);
  if (!status.ok()) return applier_failed(*store, "apply: " + status.ToString());
  if (store->db->GetLatestSequenceNumber() != batch.first_sequence + batch.count - 1) {
    return applier_failed(*store, "apply: the store numbered the batch differently");
  }
  reached("apply.written");
  store->set_applied(batch.head, false);
  batches_applied.add();
  db_.changes().notify(changes, batch.head);
  reached("apply.observed");
  return batch.head;
}

Result<Head> LogApplier::sync() {
  const auto store = db_.rocks();
  const auto head = store->applied();
  if (head == store->durable()) return head;
  if (const auto failure = store->guard->failure()) return applier_failed(*store, *failure);
  const auto status = store->db->SyncWAL();
  if (!status.ok()) return applier_failed(*store, "sync: " + status.ToString());
  store->set_durable(head);
  reached("apply.synced");
  return head;
}

}  // namespace holdfast::storage
