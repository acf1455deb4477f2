#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "holdfast/base/clock.h"
#include "holdfast/base/result.h"

/// Coroutines of Holdfast: what they return, where they run, how they are cancelled and how waiting ends.
///
/// Every coroutine runs on one executor of an IoPool, which one thread serves: between two suspension points
/// nothing else runs there, and blocking work resumes there. A cancelled task (TaskGroup::cancel) first sees
/// its pending operation end with `cancelled`; its next co_await then unwinds it (asio throws
/// operation_aborted, the TaskGroup swallows exactly that), so destructors do the cleaning up and a loop that
/// forgets to check still ends.
namespace holdfast::async {

template <class T = void>
using Task = boost::asio::awaitable<T>;

/// Where a task runs. Cheap to copy.
using Executor = boost::asio::any_io_executor;

/// The completion token for every asio operation: `auto [failed, size] = co_await socket.async_read_some(…,
/// as_result);`
inline constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

/// A deadline that never comes.
inline constexpr SteadyTime never = SteadyTime::max();

/// The deadline `duration` from now; a duration too long for the clock is `never`.
[[nodiscard]] SteadyTime after(std::chrono::nanoseconds duration);

/// How a wait ends when not by what was waited for. Kind `unavailable` each; codes `timed_out`, `cancelled`.
[[nodiscard]] Error timed_out();
[[nodiscard]] Error cancelled();
/// What a bounded queue answers when it is full: kind and code `overloaded`.
[[nodiscard]] Error overloaded();
/// What a part that is being stopped answers: kind `unavailable`, code `shutting_down`.
[[nodiscard]] Error shutting_down();

}  // namespace holdfast::async
