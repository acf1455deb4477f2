#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::metrics {

enum class Kind : std::uint8_t { counter, gauge };

/// A number that the ops room exports. Declare one per metric, with static lifetime, next to the code it
/// counts: `metrics::Metric commits{metrics::Kind::counter, "holdfast_commits_total", "Merged batches
/// written."};` Construction registers it; adding is one relaxed atomic. Names follow Prometheus: `_total`,
/// base units, no labels.
class Metric {
 public:
  Metric(Kind kind, std::string_view name, std::string_view help);
  Metric(const Metric&) = delete;
  Metric& operator=(const Metric&) = delete;

  void add(std::int64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::string_view help() const { return help_; }
  [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  Kind kind_;
  std::string_view name_;
  std::string_view help_;
  std::atomic<std::int64_t> value_ = 0;
};

/// Name and value. Values are few and known beforehand (route templates, member names), never what a client
/// sent.
using Labels = std::vector<std::pair<std::string, std::string>>;

/// How long something took, counted in fixed buckets. Observing is two relaxed atomics; what is read
/// meanwhile may be one observation apart between the buckets and the sum.
class Histogram {
 public:
  /// Upper bounds: from a synced write on a fast disk to a request that somebody gave up on.
  static constexpr std::array<std::chrono::microseconds, 16> bounds = {std::chrono::microseconds(100),
                                                                       std::chrono::microseconds(250),
                                                                       std::chrono::microseconds(500),
                                                                       std::chrono::microseconds(1'000),
                                                                       std::chrono::microseconds(2'500),
                                                                       std::chrono::microseconds(5'000),
                                                                       std::chrono::microseconds(10'000),
                                                                       std::chrono::microseconds(25'000),
                                                                       std::chrono::microseconds(50'000),
                                                                       std::chrono::microseconds(100'000),
                                                                       std::chrono::microseconds(250'000),
                                                                       std::chrono::microseconds(500'000),
                                                                       std::chrono::seconds(1),
                                                                       std::chrono::microseconds(2'500'000),
                                                                       std::chrono::seconds(5),
                                                                       std::chrono::seconds(10)};
  using Counts = std::array<std::uint64_t, bounds.size() + 1>;

  /// A bucket holds what took at most its bound; a negative duration counts as none.
  void observe(std::chrono::nanoseconds took);

  /// Observations by bucket, not added up; the last holds what took longer than every bound.
  [[nodiscard]] Counts counts() const;
  [[nodiscard]] std::chrono::nanoseconds sum() const;

 private:
  std::array<std::atomic<std::uint64_t>, bounds.size() + 1> counts_{};
  std::atomic<std::int64_t> sum_nanoseconds_ = 0;
};

/// Histograms of one name that differ in their labels' values; declared like a Metric. Without label names it
/// is a single histogram: `with({})`.
class HistogramFamily {
 public:
  HistogramFamily(std::string_view name, std::string_view help, std::vector<std::string> label_names = {});
  HistogramFamily(const HistogramFamily&) = delete;
  HistogramFamily& operator=(const HistogramFamily&) = delete;

  /// The histogram of these values, one for each label name, in their order; made by the first call. Takes a
  /// lock: ask once and keep the reference, which is good for the family's life.
  Histogram& with(const std::vector<std::string>& values);

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::string_view help() const { return help_; }
  /// In order of creation. Thread-safe.
  void for_each(const std::function<void(const Labels&, const Histogram&)>& visit) const;

 private:
  struct Child {
    std::vector<std::string> values;
    Histogram histogram;
  };

  std::string_view name_;
  std::string_view help_;
  std::vector<std::string> label_names_;
  mutable std::mutex mutex_;
  std::list<Child> children_;  ///< a list: references stay good
};

/// Visits every registered metric, in order of registration. Thread-safe.
void for_each(const std::function<void(const Metric&)>& visit);
void for_each_histogram(const std::function<void(const HistogramFamily&)>& visit);

}  // namespace holdfast::metrics
