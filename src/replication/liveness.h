#pragma once

#include <algorithm>
#include <chrono>

#include "holdfast/base/clock.h"
#include "holdfast/region/silence.h"

namespace holdfast::replication {

/// The protocol's times (design: BEAT). Tests shorten nothing: they move the clock.
inline constexpr std::chrono::seconds beat_interval{1};
using region::silence_limit;
inline constexpr std::chrono::seconds write_limit{10};
/// A member's HELLO, which may have 512 terms, is there.
inline constexpr std::chrono::seconds hello_limit{60};

/// How long so many bytes may be on their way: 10 KB/s is the slowest connection that counts as one.
constexpr std::chrono::milliseconds travel_limit(std::size_t bytes) {
  return std::chrono::milliseconds(bytes / 10);
}

/// When to send the next beat, and when the other side counts as dead. A link that is half-open is dead to
/// the side that hears nothing, whatever it can still send. Pure; time comes in as a parameter.
class Liveness {
 public:
  explicit Liveness(SteadyTime now) : heard_at_(now), next_beat_(now) {}

  void heard(SteadyTime now) {
    if (now <= heard_at_) return;
    heard_at_ = now;
    patience_ = silence_limit;
  }
  /// Until it is heard for the first time it has so much longer.
  void wait_longer(std::chrono::milliseconds time) { patience_ = silence_limit + time; }
  [[nodiscard]] bool is_dead(SteadyTime now) const { return now - heard_at_ >= patience_; }
  /// True once for every interval.
  bool take_beat(SteadyTime now) {
    if (now < next_beat_) return false;
    next_beat_ = now + beat_interval;
    return true;
  }
  [[nodiscard]] SteadyTime next_wakeup() const {
    return std::min<SteadyTime>(next_beat_, heard_at_ + patience_);
  }

 private:
  SteadyTime heard_at_;
  std::chrono::milliseconds patience_ = silence_limit;
  SteadyTime next_beat_;
};

}  // namespace holdfast::replication
