#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/region/fact.h"
#include "holdfast/region/role.h"
#include "holdfast/region/slot_state.h"
#include "holdfast/replication/wire.h"

namespace holdfast::replication {

/// BEAT, once a second both ways: proof of life, and everything that members tell each other besides the log.
struct Beat {
  struct Slot {
    RegionName node;
    region::SlotState state = region::SlotState::reserved;
    storage::Position durable;
    bool operator==(const Slot&) const = default;
  };

  std::uint64_t number = 0;  ///< counts up within a connection
  WallTime clock;
  region::Role role = region::Role::fenced;
  region::FenceReason fence_reason = region::FenceReason::none;
  storage::Term term;
  std::uint32_t highest_reign = 0;
  storage::Head applied;
  storage::Position durable;
  storage::Position acknowledged;  ///< up to here the sender of the stream knows the other side to be durable
  std::chrono::microseconds lag{};  ///< of the receiver, by the primary's clock
  std::uint64_t lag_bytes = 0;
  std::uint64_t blobs_missing = 0;          ///< at the sender
  std::vector<Slot> slots;                  ///< at the primary
  std::vector<region::Override> overrides;  ///< all that the sender holds
  std::vector<Bytes>
      audit_heads;  ///< newest audit chain heads, which peers keep against a compromised primary

  [[nodiscard]] Bytes encode() const;
  static Result<Beat> decode(BytesView payload);
};

/// What a beat can carry; more overrides stay for later beats, lowest keys first.
inline constexpr std::size_t max_overrides_in_beat = 256;

}  // namespace holdfast::replication
