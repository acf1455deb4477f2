#pragma once

#include <chrono>

#include "holdfast/async/task.h"

namespace holdfast::async {

/// Suspends for `duration` of steady time. Cancellation ends it early (task.h says how the caller notices).
[[nodiscard]] Task<> sleep_for(std::chrono::nanoseconds duration);
/// Suspends until `time`; returns at once when that is past.
[[nodiscard]] Task<> sleep_until(SteadyTime time);

}  // namespace holdfast::async
