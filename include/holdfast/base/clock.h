#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "holdfast/base/result.h"

namespace holdfast {

/// Wall time in microseconds since the Unix epoch, UTC. May jump; never used for deadlines.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
/// Time that only moves forward; for deadlines and silence limits.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// Where every part of Holdfast reads time, so that tests and the simulation own it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime now() const = 0;
  [[nodiscard]] virtual SteadyTime steady_now() const = 0;
};

/// The machine's own clocks; lives for the whole process.
const Clock& system_clock();

/// RFC 3339 in UTC with milliseconds: `2026-11-21T09:30:00.123Z`.
std::string to_rfc3339(WallTime time);
/// Accepts what to_rfc3339 writes, with zero to six fractional digits; anything else is `invalid`.
Result<WallTime> from_rfc3339(std::string_view text);

/// Microseconds since the epoch, for records.
constexpr std::int64_t to_micros(WallTime time) { return time.time_since_epoch().count(); }
constexpr WallTime from_micros(std::int64_t micros) { return WallTime(std::chrono::microseconds(micros)); }
/// Whole seconds since the epoch, for JWT claims (RFC 7519 NumericDate).
constexpr std::int64_t to_seconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace holdfast
