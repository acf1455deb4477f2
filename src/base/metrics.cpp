#include "holdfast/base/metrics.h"

#include <algorithm>
#include <stdexcept>

namespace holdfast::metrics {
namespace {

struct Registry {
  std::mutex mutex;
  std::vector<const Metric*> metrics;
  std::vector<const HistogramFamily*> histograms;
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

void Histogram::observe(std::chrono::nanoseconds took) {
  took = std::max(took, std::chrono::nanoseconds(0));
  const auto bucket = std::ranges::lower_bound(bounds, took) - bounds.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_nanoseconds_.fetch_add(took.count(), std::memory_order_relaxed);
}

Histogram::Counts Histogram::counts() const {
  Counts counts{};
  std::ranges::transform(counts_, counts.begin(),
                         [](const auto& count) { return count.load(std::memory_order_relaxed); });
  return counts;
}

std::chrono::nanoseconds Histogram::sum() const {
  return std::chrono::nanoseconds(sum_nanoseconds_.load(std::memory_order_relaxed));
}

HistogramFamily::HistogramFamily(std::string_view name, std::string_view help,
                                 std::vector<std::string> label_names)
    : name_(name), help_(help), label_names_(std::move(label_names)) {
  const std::scoped_lock lock(registry().mutex);
  registry().histograms.push_back(this);
}

Histogram& HistogramFamily::with(const std::vector<std::string>& values) {
  if (values.size() != label_names_.size())
    throw std::logic_error(std::string(name_) + ": a value for each label, please");
  const std::scoped_lock lock(mutex_);
  const auto known = std::ranges::find(children_, values, &Child::values);
  if (known != children_.end()) return known->histogram;
  auto& child = children_.emplace_back();
  child.values = values;
  return child.histogram;
}

void HistogramFamily::for_each(const std::function<void(const Labels&, const Histogram&)>& visit) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& child : children_) {
    Labels labels;
    for (std::size_t i = 0; i < label_names_.size(); ++i)
      labels.emplace_back(label_names_[i], child.values[i]);
    visit(labels, child.histogram);
  }
}

void for_each(const std::function<void(const Metric&)>& visit) {
  const std::scoped_lock lock(registry().mutex);
  for (const Metric* metric : registry().metrics) visit(*metric);
}

void for_each_histogram(const std::function<void(const HistogramFamily&)>& visit) {
  const std::scoped_lock lock(registry().mutex);
  for (const HistogramFamily* family : registry().histograms) visit(*family);
}

}  // namespace holdfast::metrics
