#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <optional>
#include <type_traits>
#include <utility>

#include "holdfast/async/task.h"

namespace holdfast::async {

/// Keeps what a task returned (Asio wants to default-construct what it carries itself).
template <class T>
Task<> keep_result(Task<T> task, std::optional<T>* into) {
  into->emplace(co_await std::move(task));
}

/// Runs `task` on `executor` and blocks the calling thread until it ends: for start-up, the command line and
/// tests. Never on a thread that serves an executor. What the task throws is thrown here.
template <class T>
T block_on(Executor executor, Task<T> task) {
  using boost::asio::use_future;
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(std::move(executor), std::move(task), use_future).get();
  } else {
    std::optional<T> result;
    boost::asio::co_spawn(std::move(executor), keep_result(std::move(task), &result), use_future).get();
    return *std::move(result);
  }
}

}  // namespace holdfast::async
