#include "holdfast/async/event.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <vector>

namespace holdfast::async {
namespace {

// One suspended wait: a timer whose early end is the wake-up, which gives deadline and cancellation for
// nothing. The timer belongs to the waiter's thread, `fired` to the state's mutex.
struct Waiter {
  Waiter(const Executor& waiting_on, SteadyTime deadline) : timer(waiting_on, deadline) {}
  boost::asio::steady_timer timer;
  bool fired = false;
};
using Waiters = std::vector<std::shared_ptr<Waiter>>;

}  // namespace

struct EventState {
  std::mutex mutex;
  bool set = false;
  Waiters waiters;

  // Under the mutex also while posting: a waiter leaves only under it, so its executor cannot be gone here.
  static void wake(const std::shared_ptr<Waiter>& waiter) {
    waiter->fired = true;
    boost::asio::post(waiter->timer.get_executor(), [waiter] { waiter->timer.cancel(); });
  }
};

namespace {

// In the list while it lives: also a coroutine that is unwound or destroyed leaves.
class WaiterEntry {
 public:
  WaiterEntry(std::shared_ptr<EventState> state, std::shared_ptr<Waiter> waiter)
      : state_(std::move(state)), waiter_(std::move(waiter)) {}
  WaiterEntry(const WaiterEntry&) = delete;
  WaiterEntry& operator=(const WaiterEntry&) = delete;
  ~WaiterEntry() { leave(); }

  /// True when what was waited for is there already; otherwise the waiter is in the list.
  bool enter(bool consumes) {
    const std::lock_guard lock(state_->mutex);
    if (state_->set) {
      if (consumes) state_->set = false;
      return true;
    }
    state_->waiters.push_back(waiter_);
    return false;
  }

  bool leave() {
    const std::lock_guard lock(state_->mutex);
    if (!waiter_->fired) std::erase(state_->waiters, waiter_);
    return waiter_->fired;
  }

 private:
  std::shared_ptr<EventState> state_;
  std::shared_ptr<Waiter> waiter_;
};

Task<Result<>> wait_for(std::shared_ptr<EventState> state, SteadyTime deadline, bool consumes) {
  const auto waiter = std::make_shared<Waiter>(co_await boost::asio::this_coro::executor, deadline);
  WaiterEntry entry(std::move(state), waiter);
  if (entry.enter(consumes)) co_return Result<>{};
  const auto [ended] = co_await waiter->timer.async_wait(as_result);
  if (entry.leave()) co_return Result<>{};
  co_return fail(ended ? cancelled() : timed_out());
}

}  // namespace

Event::Event() : state_(std::make_shared<EventState>()) {}

void Event::set() {
  const auto state = state_;
  const std::lock_guard lock(state->mutex);
  state->set = true;
  for (const auto& waiter : state->waiters) EventState::wake(waiter);
  state->waiters.clear();
}

void Event::reset() {
  const std::lock_guard lock(state_->mutex);
  state_->set = false;
}

bool Event::is_set() const {
  const std::lock_guard lock(state_->mutex);
  return state_->set;
}

Task<Result<>> Event::wait(SteadyTime deadline) const { return wait_for(state_, deadline, false); }

Signal::Signal() : state_(std::make_shared<EventState>()) {}

void Signal::notify() {
  const auto state = state_;
  const std::lock_guard lock(state->mutex);
  if (state->waiters.empty()) {
    state->set = true;
    return;
  }
  EventState::wake(state->waiters.front());
  state->waiters.erase(state->waiters.begin());
}

Task<Result<>> Signal::wait(SteadyTime deadline) const { return wait_for(state_, deadline, true); }

}  // namespace holdfast::async
