#include "holdfast/base/metrics.h"

#include <mutex>
#include <vector>

namespace holdfast::metrics {
namespace {

struct Registry {
  std::mutex mutex;
  std::vector<const Metric*> metrics;
};

Registry& registry() {
  static Registry instance;  // built on first use: metrics of other files register before main
  return instance;
}

}  // namespace

Metric::Metric(Kind kind, std::string_view name, std::string_view help)
    : kind_(kind), name_(name), help_(help) {
  const std::scoped_lock lock(registry().mutex);
  registry().metrics.push_back(this);
}

void for_each(const std::function<void(const Metric&)>& visit) {
  const std::scoped_lock lock(registry().mutex);
  for (const Metric* metric : registry().metrics) visit(*metric);
}

}  // namespace holdfast::metrics
