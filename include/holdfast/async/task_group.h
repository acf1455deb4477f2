#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "holdfast/async/task.h"

namespace holdfast::async {

struct TaskGroupState;

/// The owner of concurrently running tasks: the only place where a task is started without somebody awaiting
/// it. Nothing outlives its group: owners cancel and join it before what its tasks use is destroyed.
///
/// An exception that leaves a task is a defect: it is logged and counted, and the other tasks go on. A
/// cancelled task ends silently. All member functions may be called from any thread, with the exceptions
/// noted.
class TaskGroup {
 public:
  /// `name` for the log; a literal.
  explicit TaskGroup(std::string_view name);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  /// cancel() and wait(). Not on a thread that serves one of its tasks.
  ~TaskGroup();

  /// Starts `task` on `executor` soon, never inside this call. False, and the task is dropped unstarted, once
  /// the group is closed.
  bool spawn(const Executor& executor, Task<> task);

  /// No further tasks; those that run go on.
  void close();
  /// close(), and asks every task to end (task.h says how).
  void cancel();

  /// Waits until no task runs; `timed_out` if some still do at `deadline`. A task of the group must not join
  /// it.
  [[nodiscard]] Task<Result<>> join(SteadyTime deadline = never);
  /// The same for a plain thread; blocks it. Not on a thread that serves one of its tasks.
  void wait();

  [[nodiscard]] std::size_t size() const;

 private:
  std::shared_ptr<TaskGroupState> state_;
};

}  // namespace holdfast::async
