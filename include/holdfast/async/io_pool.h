#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "holdfast/async/task.h"

namespace holdfast::async {

/// One io_context per core, each served by exactly one thread, so that a connection lives on one core and
/// needs no lock.
///
/// The threads start in the constructor. Lifetime: build it first, destroy it last; TaskGroups and pools that
/// resume tasks here are joined before. All member functions may be called from any thread. Construction also
/// ignores SIGPIPE for the process: a peer that went away is an error code, never a signal.
class IoPool {
 public:
  /// `threads` 0: one per core.
  explicit IoPool(std::size_t threads = 0);
  IoPool(const IoPool&) = delete;
  IoPool& operator=(const IoPool&) = delete;
  /// stop().
  ~IoPool();

  [[nodiscard]] std::size_t size() const { return loops_.size(); }
  /// The executor of one core; `index` below size().
  [[nodiscard]] Executor executor(std::size_t index) const;
  /// Round robin over the cores.
  [[nodiscard]] Executor next();

  /// Ends the threads after the handler each is in; idempotent. Suspended coroutines are destroyed with the
  /// pool. Must not be called from one of its threads.
  void stop();

 private:
  struct Loop;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::atomic<std::size_t> next_ = 0;
};

}  // namespace holdfast::async
