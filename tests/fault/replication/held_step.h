#pragma once

#include <atomic>
#include <string_view>

#include "holdfast/storage/step.h"

namespace holdfast::test {

/// Holds whoever comes to a step from the n-th time on, until they are told to go on.
class HeldStep {
 public:
  explicit HeldStep(std::string_view at, int which = 1) {
    at_ = at;
    which_ = which;
    times_ = 0;
    held_ = let_go_ = false;
    storage::set_step_hook([](std::string_view step) {
      if (step != at_ || ++times_ < which_) return;
      held_ = true;
      let_go_.wait(false);
    });
  }
  ~HeldStep() {
    let_go();
    storage::set_step_hook(nullptr);
  }
  static bool is_held() { return held_; }
  /// How often a thread has come to the step.
  static int times() { return times_; }
  static void let_go() {
    let_go_ = true;
    let_go_.notify_all();
  }

 private:
  static inline std::string_view at_;
  static inline std::atomic<int> which_;
  static inline std::atomic<int> times_;
  static inline std::atomic<bool> held_;
  static inline std::atomic<bool> let_go_;
};

}  // namespace holdfast::test
