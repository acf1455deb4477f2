#pragma once

#include <memory>

#include "holdfast/async/cpu_pool.h"
#include "holdfast/async/io_pool.h"
#include "holdfast/async/offload.h"
#include "holdfast/base/clock.h"
#include "holdfast/region/acknowledge.h"
#include "holdfast/region/authority.h"
#include "holdfast/region/blob_demand.h"
#include "holdfast/region/fact_exchange.h"
#include "holdfast/region/members.h"
#include "holdfast/region/peer_table.h"
#include "holdfast/region/position_watch.h"
#include "holdfast/region/region_state.h"
#include "holdfast/region/writer.h"
#include "holdfast/storage/batch_ring.h"
#include "holdfast/storage/blob_store.h"
#include "holdfast/storage/committer.h"
#include "holdfast/storage/log_tail.h"
#include "holdfast/storage/watermark.h"
#include "stores.h"

namespace holdfast::app {

/// What every service stands on: threads, stores, the committer and the region's own standing. Members are
/// declared in order of construction; destruction runs the other way, so that nothing outlives what it uses.
struct Foundation {
  /// Opens everything; nothing is written and no peer is asked yet.
  static Result<std::unique_ptr<Foundation>> open(const Config& config, const region::BootPolicy& policy);

  const Clock& clock = system_clock();
  async::IoPool io;
  async::CpuPool hashing;
  async::DiskPool disk;

  Stores stores;
  std::uint64_t generation;
  storage::WatermarkKeeper watermark;
  storage::BlobStore blobs;
  storage::BatchRing ring;
  storage::LogTail tail;
  storage::Committer committer;

  region::RegionState state;
  std::unique_ptr<region::Members> members;
  region::PeerTable peers;
  std::unique_ptr<region::PositionWatch> positions;
  std::unique_ptr<region::AcknowledgeSettings> acknowledge;
  region::Writer writer;
  std::unique_ptr<region::FactExchange> facts;
  region::BlobDemand blob_demand;
  std::unique_ptr<region::Authority> authority;

 private:
  struct Opened;
  Foundation(const Config& config, Opened opened);
};

}  // namespace holdfast::app
