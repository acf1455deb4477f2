#include "maintenance.h"

#include "holdfast/async/timer.h"
#include "holdfast/base/log.h"

namespace holdfast::app {
namespace {

using namespace std::chrono_literals;
// A damaged log is noticed if it lost more than was written within this time.
constexpr auto watermark_interval = 100ms;

async::Task<> repeat(async::DiskPool* disk, std::chrono::nanoseconds interval, std::string_view name,
                     std::shared_ptr<Maintenance::Duty> duty) {
  while (true) {
    co_await async::sleep_for(interval);
    const auto done = co_await async::offload(*disk, [duty] { return (*duty)(); });
    if (!done && done.error().code != "cancelled" && done.error().code != "shutting_down")
      log::error(name, done.error());
  }
}

}  // namespace

Maintenance::Maintenance(Foundation& foundation) : foundation_(foundation) {
  every(watermark_interval, "the watermark was not written",
        [this] { return foundation_.watermark.advance(foundation_.stores.core->durable()); });
}

void Maintenance::every(std::chrono::nanoseconds interval, std::string_view name, Duty duty) {
  run(repeat(&foundation_.disk, interval, name, std::make_shared<Duty>(std::move(duty))));
}

void Maintenance::run(async::Task<> loop) { tasks_.spawn(foundation_.io.next(), std::move(loop)); }

void Maintenance::stop() {
  tasks_.cancel();
  tasks_.wait();
  const auto written = foundation_.watermark.advance(foundation_.stores.core->durable());
  if (!written) log::error("the watermark was not written", written.error());
}

}  // namespace holdfast::app
