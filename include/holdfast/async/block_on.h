#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <utility>

#include "holdfast/async/task.h"

namespace holdfast::async {

/// Runs `task` on `executor` and blocks the calling thread until it ends: for start-up, the command line and
/// tests. Never on a thread that serves an executor. What the task throws is thrown here.
template <class T>
T block_on(Executor executor, Task<T> task) {
  return boost::asio::co_spawn(std::move(executor), std::move(task), boost::asio::use_future).get();
}

}  // namespace holdfast::async
