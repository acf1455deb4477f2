#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/async/io_pool.h"
#include "holdfast/async/offload.h"
#include "holdfast/async/task.h"
#include "holdfast/base/clock.h"
#include "holdfast/net/tls_context.h"
#include "holdfast/region/authority.h"
#include "holdfast/region/blob_demand.h"
#include "holdfast/region/fact_exchange.h"
#include "holdfast/region/members.h"
#include "holdfast/region/peer_table.h"
#include "holdfast/region/region_state.h"
#include "holdfast/region/writer.h"
#include "holdfast/replication/joining.h"
#include "holdfast/replication/verify.h"
#include "holdfast/storage/batch_ring.h"
#include "holdfast/storage/blob_store.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/data_directory.h"
#include "holdfast/storage/local_db.h"
#include "holdfast/storage/log_tail.h"

namespace holdfast::replication {

/// How a snapshot transfer is coming along, for `region status` and the log.
struct SnapshotProgress {
  RegionName from;
  std::string reason;
  std::uint64_t received_bytes = 0;
  std::uint64_t total_bytes = 0;
  std::optional<std::chrono::seconds> remaining;  ///< at the rate so far
};

/// Everything that runs between the regions: the listener on which members dial, this region's own
/// connections to every other member, the log janitor, and the blob exchange. Build it after the Authority,
/// start it once `Authority::start` was asked, stop it before the stores are closed. Member functions may be
/// called from any thread; stop and the destructor not from one of the IoPool's.
class Replication {
 public:
  struct Parts {
    async::IoPool& io;
    async::DiskPool& disk;
    const Clock& clock;
    storage::DataDirectory& data;
    storage::CoreDb& core;
    storage::LocalDb& local;
    storage::BlobStore& blobs;
    storage::BatchRing& ring;  ///< fed by CommitterOptions::publish
    region::Authority& authority;
    region::Members& members;
    region::RegionState& state;
    region::PeerTable& peers;
    region::FactExchange& facts;
    region::BlobDemand& demand;
    region::Writer& writer;
    JoinDesk& desk;
    net::PeerTls tls;
    storage::NodeIdentity node;
  };
  struct Options {
    std::string listen_address = "127.0.0.1";
    std::uint16_t listen_port = 8446;                            ///< 0: the kernel chooses
    std::string build;                                           ///< version text, shown to peers
    std::uint64_t log_cap_bytes = std::uint64_t{4} << 30U;       ///< slots beyond it are lost
    std::uint64_t snapshot_bytes_per_second = 0;                 ///< 0: unlimited
    std::uint64_t blob_bytes_per_second = 0;                     ///< 0: unlimited
    std::uint64_t max_snapshot_bytes = std::uint64_t{1} << 42U;  ///< refuses a larger manifest
    /// Newest audit chain heads, sent with beats.
    std::function<std::vector<Bytes>()> audit_heads;
  };

  /// Binds the listener. Errors: `conflict`/`port_in_use`.
  static Result<std::unique_ptr<Replication>> open(Parts parts, Options options);
  Replication(const Replication&) = delete;
  Replication& operator=(const Replication&) = delete;
  /// stop().
  ~Replication();

  void start();
  void stop();
  [[nodiscard]] std::uint16_t port() const;

  /// At the primary: compares the whole store with a member's at one position. Errors: `unavailable` (not
  /// connected, not caught up in time), read_only (not the primary).
  async::Task<Result<VerifyReport>> verify(RegionName member, std::chrono::seconds limit,
                                           std::string request_id = {});
  /// While a snapshot is being received.
  [[nodiscard]] std::optional<SnapshotProgress> snapshot_progress() const;

 private:
  struct Impl;
  explicit Replication(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  ///< shared with callbacks that run at this moment
};

}  // namespace holdfast::replication
