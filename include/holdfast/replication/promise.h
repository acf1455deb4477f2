#pragma once

#include <cstdint>

#include "holdfast/base/ids.h"
#include "holdfast/replication/wire.h"

namespace holdfast::replication {

/// PROMISE: a candidate asks every reachable member to refuse, from now on and durably, frames and acks of
/// lower reigns.
struct Promise {
  std::uint32_t reign = 0;
  Bytes nonce;  ///< 16 bytes, the new reign's
  RegionName candidate;
  [[nodiscard]] Bytes encode() const;
  static Result<Promise> decode(BytesView payload);
};

/// PROMISED: kept in local.db before it is answered; `applied` is the member's final position in the old
/// reign.
struct Promised {
  bool promised = false;
  std::uint32_t highest_reign = 0;  ///< where refused: the reign that stands in the way
  storage::Head applied;
  [[nodiscard]] Bytes encode() const;
  static Result<Promised> decode(BytesView payload);
};

}  // namespace holdfast::replication
