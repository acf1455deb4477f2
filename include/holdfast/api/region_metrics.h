#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/clock.h"
#include "holdfast/ops/metrics_text.h"
#include "holdfast/region/peer_table.h"
#include "holdfast/region/region_state.h"
#include "holdfast/replication/replication.h"
#include "holdfast/storage/position.h"

namespace holdfast::api {

/// What a region is at one moment, read from memory but for the free space.
struct RegionReading {
  std::string version;
  region::RegionView view;
  bool takes_traffic = false;
  storage::Head durable;
  SteadyTime now{};
  std::vector<region::PeerStatus> members;  ///< all others
  std::vector<RegionName> waiting_for;      ///< whom a fenced region wants to hear before it may write
  std::optional<replication::SnapshotProgress> snapshot;
  std::optional<std::uint64_t> free_bytes;
  std::uint64_t free_floor_bytes = 0;
  std::size_t hash_queue = 0;
  std::size_t hash_queue_limit = 0;
  std::optional<WallTime> metrics_token_expires;
};

/// How far behind a member is, as far as this region knows.
struct MemberLag {
  std::optional<double> seconds;  ///< of a member that is away: at most this
  std::optional<std::uint64_t> bytes;
  std::optional<std::uint64_t> batches;
};
/// `durable` is the primary's own position. The meter of a member that is away stands still, so its age
/// counts from when it was last heard; of one that was never heard in this process's life nothing is known.
MemberLag lag_of(const region::PeerStatus& member, const storage::Head& durable, SteadyTime now);

/// `waiting_for_peers` and the like: what programs may rely on.
std::string_view fence_reason_code(region::FenceReason reason);

/// The values that matter at three in the morning (docs/operations/metrics.md). Pure. Lag, slots and
/// connections of members are known to the primary alone and left out elsewhere.
std::vector<ops::Family> region_families(const RegionReading& reading);

}  // namespace holdfast::api
