#include "holdfast/async/task_group.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <condition_variable>
#include <exception>
#include <list>
#include <mutex>

#include "holdfast/async/event.h"
#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"

namespace holdfast::async {
namespace {

metrics::Metric task_failures{metrics::Kind::counter, "holdfast_task_failures_total",
                              "Tasks that an exception ended; each is a defect and in the log."};

// A task, from spawn to its end. `signal` and `is_cancelled` belong to the executor's thread.
struct GroupTask {
  Executor executor;
  boost::asio::cancellation_signal signal;
  bool is_cancelled = false;
};

}  // namespace

struct TaskGroupState {
  explicit TaskGroupState(std::string_view group_name) : name(group_name) { idle.set(); }

  const std::string_view name;
  mutable std::mutex mutex;
  std::condition_variable ended;
  bool closed = false;
  std::list<std::shared_ptr<GroupTask>> tasks;
  Event idle;
};

namespace {

using Position = std::list<std::shared_ptr<GroupTask>>::iterator;

// Membership in a group. Leaves when destroyed: at the task's end, or when its executor is destroyed without
// running it.
class Membership {
 public:
  Membership(std::shared_ptr<TaskGroupState> state, Position position)
      : state_(std::move(state)), position_(position) {}
  Membership(Membership&&) noexcept = default;
  Membership& operator=(Membership&&) = delete;
  ~Membership() {
    if (!state_) return;
    const auto task = *position_;  // destroyed after the lock is given back
    const std::lock_guard lock(state_->mutex);
    state_->tasks.erase(position_);
    if (!state_->tasks.empty()) return;
    state_->idle.set();
    state_->ended.notify_all();
  }

  [[nodiscard]] GroupTask& task() const { return **position_; }
  [[nodiscard]] std::string_view group_name() const { return state_->name; }

 private:
  std::shared_ptr<TaskGroupState> state_;
  Position position_;
};

void report(const std::exception_ptr& thrown, bool is_cancelled, std::string_view group) {
  std::string what = "not a std::exception";
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& failure) {
    if (is_cancelled && failure.code() == boost::asio::error::operation_aborted) return;
    what = failure.what();
  } catch (const std::exception& failure) {
    what = failure.what();
  } catch (...) {
    what = "not a std::exception";
  }
  task_failures.add();
  log::error("an exception ended a task", {{"group", group}, {"what", what}});
}

// On the task's executor, so that the cancellation signal has one thread.
void start(Membership membership, Task<> task) {
  GroupTask& entry = membership.task();
  if (entry.is_cancelled) return;
  const auto slot = entry.signal.slot();
  auto when_ended = [membership = std::move(membership)](const std::exception_ptr& thrown) {
    if (thrown) report(thrown, membership.task().is_cancelled, membership.group_name());
  };
  boost::asio::co_spawn(entry.executor, std::move(task),
                        boost::asio::bind_cancellation_slot(slot, std::move(when_ended)));
}

}  // namespace

TaskGroup::TaskGroup(std::string_view name) : state_(std::make_shared<TaskGroupState>(name)) {}

TaskGroup::~TaskGroup() {
  cancel();
  wait();
}

bool TaskGroup::spawn(const Executor& executor, Task<> task) {
  std::unique_lock lock(state_->mutex);
  if (state_->closed) return false;
  if (state_->tasks.empty()) state_->idle.reset();
  state_->tasks.push_back(std::make_shared<GroupTask>(executor));
  Membership membership(state_, std::prev(state_->tasks.end()));
  lock.unlock();
  boost::asio::post(executor, [membership = std::move(membership), task = std::move(task)]() mutable {
    start(std::move(membership), std::move(task));
  });
  return true;
}

void TaskGroup::close() {
  const std::lock_guard lock(state_->mutex);
  state_->closed = true;
}

void TaskGroup::cancel() {
  // Under the mutex also while posting: a task leaves only under it, so its executor cannot be gone here.
  const std::lock_guard lock(state_->mutex);
  state_->closed = true;
  for (const auto& task : state_->tasks) {
    boost::asio::post(task->executor, [task] {
      task->is_cancelled = true;
      task->signal.emit(boost::asio::cancellation_type::terminal);
    });
  }
}

Task<Result<>> TaskGroup::join(SteadyTime deadline) { return state_->idle.wait(deadline); }

void TaskGroup::wait() {
  std::unique_lock lock(state_->mutex);
  state_->ended.wait(lock, [this] { return state_->tasks.empty(); });
}

std::size_t TaskGroup::size() const {
  const std::lock_guard lock(state_->mutex);
  return state_->tasks.size();
}

}  // namespace holdfast::async
