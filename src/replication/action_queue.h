#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "actions.h"

namespace holdfast::replication {

/// Carries out what a machine asks for, in order, also when carrying one action out makes it ask for more.
/// Thread: its driver's.
class ActionQueue {
 public:
  template <class CarryOut>
  void run(Actions actions, CarryOut carry_out) {
    for (auto& action : actions) waiting_.push_back(std::move(action));
    if (running_) return;
    running_ = true;
    while (!waiting_.empty()) {
      auto action = std::move(waiting_.front());
      waiting_.pop_front();
      carry_out(std::move(action));
    }
    running_ = false;
  }

 private:
  std::deque<Action> waiting_;
  bool running_ = false;
};

/// Why a session shall end, handed from any thread to its driver's, which has to be woken.
class EndRequest {
 public:
  void make(std::string reason) {
    const std::scoped_lock lock(mutex_);
    reason_ = std::move(reason);
  }
  std::optional<std::string> take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(reason_, std::nullopt);
  }

 private:
  std::mutex mutex_;
  std::optional<std::string> reason_;
};

}  // namespace holdfast::replication
