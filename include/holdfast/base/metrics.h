#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

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

/// Visits every registered metric, in order of registration. Thread-safe.
void for_each(const std::function<void(const Metric&)>& visit);

}  // namespace holdfast::metrics
