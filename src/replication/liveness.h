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

/// When to send the next beat, and when the other side counts as dead. A link that is half-open is dead to
/// the side that hears nothing, whatever it can still send. Pure; time comes in as a parameter.
class Liveness {
 public:
  explicit Liveness(SteadyTime now) : heard_at_(now), next_beat_(now) {}

  void heard(SteadyTime now) { heard_at_ = std::max(heard_at_, now); }
  [[nodiscard]] bool is_dead(SteadyTime now) const { return now - heard_at_ >= silence_limit; }
  /// True once for every interval.
  bool take_beat(SteadyTime now) {
    if (now < next_beat_) return false;
    next_beat_ = now + beat_interval;
    return true;
  }
  [[nodiscard]] SteadyTime next_wakeup() const {
    return std::min<SteadyTime>(next_beat_, heard_at_ + silence_limit);
  }

 private:
  SteadyTime heard_at_;
  SteadyTime next_beat_;
};

}  // namespace holdfast::replication
