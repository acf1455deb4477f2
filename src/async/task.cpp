#include "holdfast/async/task.h"

namespace holdfast::async {

SteadyTime after(std::chrono::nanoseconds duration) {
  const SteadyTime now = system_clock().steady_now();
  return duration >= never - now ? never : now + duration;
}

Error timed_out() { return {ErrorKind::unavailable, "timed_out", "timed out", {}}; }
Error cancelled() { return {ErrorKind::unavailable, "cancelled", "cancelled", {}}; }
Error overloaded() { return {ErrorKind::overloaded, "overloaded", "too busy, try again later", {}}; }
Error shutting_down() { return {ErrorKind::unavailable, "shutting_down", "shutting down", {}}; }

}  // namespace holdfast::async
