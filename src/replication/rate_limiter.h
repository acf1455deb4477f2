#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "holdfast/base/clock.h"

namespace holdfast::replication {

/// Spaces transfers so that on average no more than a number of bytes a second go out. Pure: says how long to
/// wait after each piece. Thread: its owner's.
class RateLimiter {
 public:
  /// 0: unlimited.
  explicit RateLimiter(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {}

  /// The moment at which the next piece may go, after `bytes` went now.
  SteadyTime after(std::uint64_t bytes, SteadyTime now) {
    if (rate_ == 0) return now;
    const auto cost = std::chrono::nanoseconds(
        static_cast<std::int64_t>(static_cast<double>(bytes) / static_cast<double>(rate_) * 1e9));
    next_ = std::max(next_, now) + cost;
    return next_;
  }

 private:
  std::uint64_t rate_;
  SteadyTime next_{};
};

}  // namespace holdfast::replication
