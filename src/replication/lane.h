#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "actions.h"
#include "holdfast/async/event.h"
#include "holdfast/async/task.h"

namespace holdfast::replication {

/// Actions that wait for something, to be carried out one after the other by one task. Thread: its driver's.
class Lane {
 public:
  /// More than a well-behaved peer can have waiting: it asks a bounded number ahead and beats once a second.
  static constexpr std::size_t max_waiting = 64;

  void push(Action action) {
    waiting_.push_back(std::move(action));
    wake_.notify();
  }
  [[nodiscard]] bool is_flooded() const { return waiting_.size() > max_waiting; }

  /// The next action; nothing once the lane was ended.
  async::Task<std::optional<Action>> next() {
    while (!ended_ && waiting_.empty()) {
      if (const auto woken = co_await wake_.wait(); !woken) break;
    }
    if (ended_ || waiting_.empty()) co_return std::nullopt;
    std::optional<Action> action(std::move(waiting_.front()));
    waiting_.pop_front();
    co_return action;
  }

  void end() {
    ended_ = true;
    wake_.notify();
  }

 private:
  std::deque<Action> waiting_;
  async::Signal wake_;
  bool ended_ = false;
};

}  // namespace holdfast::replication
