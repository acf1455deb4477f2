#pragma once

#include <functional>
#include <string_view>

#include "foundation.h"
#include "holdfast/async/task_group.h"

namespace holdfast::app {

/// What a region does by the clock: keeps the synced watermark, and whatever else is added. Each duty runs on
/// a disk thread, never twice at once; one that fails is logged and tried again the next time.
class Maintenance {
 public:
  explicit Maintenance(Foundation& foundation);

  using Duty = std::move_only_function<Result<>()>;
  void every(std::chrono::nanoseconds interval, std::string_view name, Duty duty);
  /// A loop of its own that ends by cancellation.
  void run(async::Task<> loop);
  /// For rooms that start loops of their own.
  [[nodiscard]] async::TaskGroup& tasks() { return tasks_; }
  /// Ends all duties, then writes the watermark once more.
  void stop();

 private:
  Foundation& foundation_;
  async::TaskGroup tasks_{"maintenance"};
};

}  // namespace holdfast::app
