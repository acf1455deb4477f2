#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "holdfast/async/task.h"

namespace holdfast::async {

struct EventState;

/// Something that happens once and stays: every waiter, earlier or later, goes on. Typical: the commit thread
/// sets it, a request waits for it.
///
/// set, reset and is_set may be called from any thread, also while a waiter that just woke destroys the
/// Event. wait resumes on the waiter's own executor (which one thread must serve, as IoPool's do). Destroying
/// the Event ends no wait; waiters keep what they need alive.
class Event {
 public:
  Event();

  void set();
  /// Later waits suspend again.
  void reset();
  [[nodiscard]] bool is_set() const;
  /// `timed_out` or `cancelled` when it does not happen by `deadline`.
  [[nodiscard]] Task<Result<>> wait(SteadyTime deadline = never) const;

 private:
  std::shared_ptr<EventState> state_;
};

/// "There is something to do": each notify lets one wait pass, now or later; notifications while nobody waits
/// collapse into one. Threads and lifetime as Event. A wait that timed out or was cancelled has consumed no
/// notification.
class Signal {
 public:
  Signal();

  void notify();
  /// `timed_out` or `cancelled` when nobody notified by `deadline`.
  [[nodiscard]] Task<Result<>> wait(SteadyTime deadline = never) const;

 private:
  std::shared_ptr<EventState> state_;
};

/// One value from any thread to one waiting task: the answer of the commit thread. Copies share the value.
/// `set` exactly once; `wait` until it answers, by one waiter. A waiter that gave up (deadline, cancellation)
/// leaves the value to nobody.
template <class T>
class OneShot {
 public:
  OneShot() : shared_(std::make_shared<Shared>()) {}

  void set(T value) const {
    const auto keep = shared_;
    keep->value.emplace(std::move(value));
    keep->event.set();
  }

  [[nodiscard]] bool is_set() const { return shared_->event.is_set(); }

  [[nodiscard]] Task<Result<T>> wait(SteadyTime deadline = never) const {
    const auto keep = shared_;
    CO_TRY_VOID(co_await keep->event.wait(deadline));
    co_return *std::move(keep->value);
  }

 private:
  struct Shared {
    std::optional<T> value;
    Event event;
  };
  std::shared_ptr<Shared> shared_;
};

}  // namespace holdfast::async
