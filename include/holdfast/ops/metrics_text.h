#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/metrics.h"

namespace holdfast::ops {

/// Values that exist only when somebody looks (a role, another member's lag): one name, a sample for each
/// combination of labels. Without samples the name is left out.
struct Family {
  metrics::Kind kind = metrics::Kind::gauge;
  std::string name;
  std::string help;
  struct Sample {
    double value = 0;
    metrics::Labels labels;
  };
  std::vector<Sample> samples;
};

/// Prometheus text exposition format 0.0.4.
inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that is registered with base's metrics, and `families`, as Prometheus text in order of names.
/// Thread-safe; a millisecond of work, not for I/O threads.
std::string metrics_text(const std::vector<Family>& families);

}  // namespace holdfast::ops
