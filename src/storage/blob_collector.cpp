#include "holdfast/storage/blob_collector.h"

#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"

namespace holdfast::storage {
namespace {
metrics::Metric blobs_collected{metrics::Kind::counter, "holdfast_blobs_collected_total",
                                "Blobs removed because no row named them for the whole grace period."};
}  // namespace

BlobCollector::BlobCollector(const BlobStore& store, const Clock& clock, std::chrono::seconds grace,
                             IsReferenced is_referenced)
    : store_(store), clock_(clock), grace_(grace), is_referenced_(std::move(is_referenced)) {}

Result<BlobCollector::Sweep> BlobCollector::sweep() {
  Sweep sweep;
  std::map<BlobId, SteadyTime> still_unreferenced;
  std::map<BlobId, std::uint64_t> sizes;
  const auto now = clock_.steady_now();
  const auto look_at = [&](const BlobId& id, std::uint64_t bytes) {
    const auto referenced = is_referenced_(id);
    if (!referenced || *referenced) return true;
    const auto known = unreferenced_since_.find(id);
    still_unreferenced.emplace(id, known == unreferenced_since_.end() ? now : known->second);
    sizes[id] += bytes;
    return true;
  };
  TRY_VOID(store_.list([&](const BlobId& id, std::uint64_t bytes) {
    ++sweep.seen;
    return look_at(id, bytes);
  }));
  TRY_VOID(store_.list_partial(look_at));
  unreferenced_since_ = std::move(still_unreferenced);
  for (auto entry = unreferenced_since_.begin(); entry != unreferenced_since_.end();) {
    const auto& [id, since] = *entry;
    const auto referenced = now - since >= grace_ ? is_referenced_(id) : Result<bool>(true);
    if (!referenced || *referenced) {
      ++sweep.waiting;
      ++entry;
      continue;
    }
    TRY_VOID(store_.remove(id));
    ++sweep.removed;
    sweep.removed_bytes += sizes[id];
    blobs_collected.add();
    entry = unreferenced_since_.erase(entry);
  }
  if (sweep.removed > 0) {
    log::info("blobs collected", {{"removed", sweep.removed}, {"bytes", sweep.removed_bytes}});
  }
  return sweep;
}

}  // namespace holdfast::storage
