#include "holdfast/async/timer.h"

#include <boost/asio/steady_timer.hpp>

namespace holdfast::async {

Task<> sleep_for(std::chrono::nanoseconds duration) { return sleep_until(after(duration)); }

Task<> sleep_until(SteadyTime time) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
  co_await timer.async_wait(as_result);
}

}  // namespace holdfast::async
