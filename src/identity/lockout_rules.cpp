#include "holdfast/identity/lockout_rules.h"

#include <algorithm>
#include <limits>

namespace holdfast::identity {

bool is_forgotten(const FailureCount& count, WallTime now) {
  return std::chrono::abs(now - count.last_failure) > lockout_remembered;
}

FailureCount total_failures(std::span<const FailureCount> counts, std::uint64_t epoch, WallTime now) {
  FailureCount total{.failures = 0, .last_failure = {}, .epoch = epoch};
  for (const FailureCount& count : counts) {
    if (count.epoch < epoch || is_forgotten(count, now)) continue;
    const auto room = std::numeric_limits<std::uint32_t>::max() - total.failures;
    total.failures += std::min(count.failures, room);
    if (count.last_failure - now > lockout_longest) continue;
    total.last_failure = std::max(total.last_failure, count.last_failure);
  }
  return total;
}

std::chrono::seconds lockout_wait(std::uint32_t failures) {
  if (failures < lockout_threshold) return std::chrono::seconds(0);
  const std::uint32_t doublings = failures - lockout_threshold;
  if (doublings >= 10) return lockout_longest;
  return std::chrono::seconds(1U << doublings);
}

WallTime locked_until(const FailureCount& total) { return total.last_failure + lockout_wait(total.failures); }

}  // namespace holdfast::identity
