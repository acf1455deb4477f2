#include "watchdog.h"

#include <atomic>
#include <boost/asio/post.hpp>

#include "foundation.h"
#include "holdfast/base/log.h"

namespace holdfast::app {
namespace {

// Systemd asks for two signs a period at least (sd_watchdog_enabled(3)); a sign is one tick old when it is
// sent.
constexpr int ticks_per_interval = 4;

}  // namespace

/// The answers may come after the round was given up, and after the watchdog: they hold it.
struct Watchdog::Round {
  explicit Round(std::size_t size) : answered(size) {}
  std::vector<std::atomic<bool>> answered;
};

Watchdog::Watchdog(ServiceManager& manager, std::vector<Vital> vitals)
    : manager_(manager), vitals_(std::move(vitals)) {
  if (const auto interval = manager_.watchdog()) thread_ = std::thread([this, interval] { run(*interval); });
}

Watchdog::~Watchdog() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<Watchdog::Round> Watchdog::ask_all() const {
  auto round = std::make_shared<Round>(vitals_.size());
  for (std::size_t i = 0; i < vitals_.size(); ++i) {
    vitals_[i].ask([round, i] { round->answered[i].store(true, std::memory_order_release); });
  }
  return round;
}

bool Watchdog::rest(std::chrono::microseconds time) {
  std::unique_lock lock(mutex_);
  return wake_.wait_for(lock, time, [this] { return stopping_; });
}

void Watchdog::run(std::chrono::microseconds interval) {
  const auto tick = interval / ticks_per_interval;
  auto round = ask_all();
  int silent_ticks = 0;
  while (!rest(tick)) {
    std::string silent;
    for (std::size_t i = 0; i < vitals_.size(); ++i) {
      if (!round->answered[i].load(std::memory_order_acquire))
        silent.append(silent.empty() ? "" : ", ").append(vitals_[i].name);
    }
    if (silent.empty()) {
      manager_.alive();
      round = ask_all();
      silent_ticks = 0;
    } else if (++silent_ticks == 2) {
      log::error("not fed: the service manager's watchdog, for a thread does not answer",
                 {{"thread", silent}});
    }
  }
}

Vital commit_thread_of(storage::Committer& committer, storage::CoreDb& core) {
  return {.name = "commit", .ask = [&committer, &core](std::function<void()> answer) {
            // Where nothing may be written the refusal comes at once: that thread has nothing to do. A full
            // queue proves nothing.
            committer.commit(core.transaction(),
                             [answer = std::move(answer)](const Result<storage::Head>& done) {
                               if (done || done.error().kind != ErrorKind::overloaded) answer();
                             });
          }};
}

std::vector<Vital> vitals_of(Foundation& base) {
  std::vector<Vital> vitals;
  vitals.reserve(base.io.size() + 1);
  for (std::size_t i = 0; i < base.io.size(); ++i) {
    vitals.push_back({.name = "io-" + std::to_string(i),
                      .ask = [executor = base.io.executor(i)](std::function<void()> answer) {
                        boost::asio::post(executor, std::move(answer));
                      }});
  }
  vitals.push_back(commit_thread_of(base.committer, *base.stores.core));
  return vitals;
}

}  // namespace holdfast::app
