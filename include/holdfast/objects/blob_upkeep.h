#pragma once

#include <chrono>
#include <mutex>
#include <utility>
#include <vector>

#include "holdfast/async/event.h"
#include "holdfast/async/offload.h"
#include "holdfast/async/task.h"
#include "holdfast/objects/object_service.h"
#include "holdfast/region/blob_demand.h"
#include "holdfast/storage/blob_collector.h"

namespace holdfast::objects {

/// Keeps a region's blobs in step with its rows: asks for those that rows name and that are not here (as rows
/// arrive, and once for all at start and after a snapshot), and collects those that no row names any more.
/// One `run` at a time, on any executor; file look-ups run on the disk pool. Destroy it after `run` has ended
/// and before the parts.
class BlobUpkeep {
 public:
  struct Parts {
    ObjectService& objects;
    const storage::BlobStore& blobs;
    region::BlobDemand& demand;
    storage::CoreDb& db;
    async::DiskPool& disk;
    const Clock& clock;
  };
  struct Options {
    std::chrono::seconds grace = std::chrono::hours(1);  ///< how long an unnamed blob stays
    std::chrono::seconds sweep_every = std::chrono::minutes(5);
  };
  BlobUpkeep(Parts parts, Options options);

  /// Until it is cancelled. Failures are logged; the next round tries again.
  async::Task<> run();

 private:
  void heard(const BlobId& blob, bool named);
  async::Task<> catch_up();
  /// Blocking.
  [[nodiscard]] Result<> want_everything_missing();
  void settle(const std::vector<std::pair<BlobId, bool>>& heard);
  /// Blocking.
  void want_if_missing(const BlobId& blob);

  Parts parts_;
  Options options_;
  storage::BlobCollector collector_;
  async::Signal wake_;
  std::mutex mutex_;
  std::vector<std::pair<BlobId, bool>> heard_;  ///< in the order of the log
  bool scan_ = true;
  std::vector<storage::Subscription> subscriptions_;
};

}  // namespace holdfast::objects
