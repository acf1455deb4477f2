#pragma once

#include <atomic>
#include <cstdint>

#include "holdfast/base/clock.h"
#include "holdfast/region/region_state.h"

namespace holdfast::api {

/// Since when this region has the role that it has, for people who look. `state` outlives it. Thread-safe.
class RoleWatch {
 public:
  RoleWatch(region::RegionState& state, const Clock& clock);

  [[nodiscard]] WallTime since() const { return from_micros(since_micros_.load(std::memory_order_relaxed)); }

 private:
  std::atomic<region::Role> role_;
  std::atomic<std::int64_t> since_micros_;
  region::Subscription subscription_;  // last: its end waits for a running callback
};

}  // namespace holdfast::api
