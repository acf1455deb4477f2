#include "holdfast/ops/metrics_text.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>

namespace holdfast::ops {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricType type_of(metrics::Kind kind) {
  return kind == metrics::Kind::counter ? MetricType::Counter : MetricType::Gauge;
}

ClientMetric client_metric(const metrics::Labels& labels) {
  ClientMetric metric;
  for (const auto& [name, value] : labels) metric.label.push_back({.name = name, .value = value});
  return metric;
}

/// The serializer reads the one that the family's type says.
ClientMetric number_metric(const metrics::Labels& labels, double value) {
  auto metric = client_metric(labels);
  metric.counter.value = value;
  metric.gauge.value = value;
  return metric;
}

double in_seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

ClientMetric histogram_metric(const metrics::Labels& labels, const metrics::Histogram& histogram) {
  auto metric = client_metric(labels);
  const auto counts = histogram.counts();
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sum += counts[i];
    const bool last = i == metrics::Histogram::bounds.size();
    metric.histogram.bucket.push_back({.cumulative_count = sum,
                                       .upper_bound = last ? std::numeric_limits<double>::infinity()
                                                           : in_seconds(metrics::Histogram::bounds[i])});
  }
  metric.histogram.sample_count = sum;
  metric.histogram.sample_sum = in_seconds(histogram.sum());
  return metric;
}

MetricFamily family_of(std::string_view name, std::string_view help, MetricType type) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  return family;
}

void add_registered(std::vector<MetricFamily>& families) {
  metrics::for_each([&](const metrics::Metric& metric) {
    auto family = family_of(metric.name(), metric.help(), type_of(metric.kind()));
    family.metric.push_back(number_metric({}, static_cast<double>(metric.value())));
    families.push_back(std::move(family));
  });
  metrics::for_each_histogram([&](const metrics::HistogramFamily& registered) {
    auto family = family_of(registered.name(), registered.help(), MetricType::Histogram);
    registered.for_each([&](const metrics::Labels& labels, const metrics::Histogram& histogram) {
      family.metric.push_back(histogram_metric(labels, histogram));
    });
    families.push_back(std::move(family));
  });
}

}  // namespace

std::string metrics_text(const std::vector<Family>& families) {
  std::vector<MetricFamily> all;
  add_registered(all);
  for (const auto& given : families) {
    auto family = family_of(given.name, given.help, type_of(given.kind));
    for (const auto& sample : given.samples)
      family.metric.push_back(number_metric(sample.labels, sample.value));
    all.push_back(std::move(family));
  }
  std::erase_if(all, [](const MetricFamily& family) { return family.metric.empty(); });
  std::ranges::sort(all, {}, &MetricFamily::name);
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace holdfast::ops
