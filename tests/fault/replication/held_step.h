#pragma once

#include <atomic>
#include <string_view>

#include "holdfast/storage/step.h"

namespace holdfast::test {

/// Holds the thread that comes to a step for the n-th time, until it is told to go on.
class HeldStep {
 public:
  explicit HeldStep(std::string_view at, int which = 1) {
    at_ = at;
    left_ = which;
    held_ = let_go_ = false;
    storage::set_step_hook([](std::string_view step) {
      if (step != at_ || --left_ != 0) return;
      held_ = true;
      let_go_.wait(false);
    });
  }
  ~HeldStep() {
    let_go();
    storage::set_step_hook(nullptr);
  }
  static bool is_held() { return held_; }
  static void let_go() {
    let_go_ = true;
    let_go_.notify_all();
  }

 private:
  static inline std::string_view at_;
  static inline std::atomic<int> left_;
  static inline std::atomic<bool> held_;
  static inline std::atomic<bool> let_go_;
};

}  // namespace holdfast::test
