#include "holdfast/async/cpu_pool.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "holdfast/base/metrics.h"

namespace holdfast::async {
namespace {

metrics::Metric pool_refusals{
    metrics::Kind::counter, "holdfast_pool_refused_total",
    "Pieces of work refused because a pool's queue was full or the wait in it too long: sign-ins, for the "
    "most part."};

}  // namespace

struct CpuPool::Shared {
  explicit Shared(const CpuPoolOptions& options)
      : longest_wait(options.longest_wait), queue(options.limits) {}

  const std::chrono::nanoseconds longest_wait;
  std::mutex mutex;
  std::condition_variable work_or_stop;
  FairQueue<std::shared_ptr<PoolJob>> queue;
  bool stopping = false;
  std::vector<std::thread> threads;

  std::shared_ptr<PoolJob> next() {
    std::unique_lock lock(mutex);
    work_or_stop.wait(lock, [this] { return stopping || !queue.empty(); });
    if (stopping) return nullptr;
    return queue.pop().value_or(nullptr);
  }

  void serve() {
    while (const auto job = next()) {
      if (!job->begin()) continue;
      job->run();
      job->ended.set();
    }
  }
};

CpuPool::CpuPool(std::string_view name, CpuPoolOptions options) : shared_(std::make_unique<Shared>(options)) {
  const std::size_t count =
      options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t index = 0; index < count; ++index) {
    auto& thread = shared_->threads.emplace_back([shared = shared_.get()] { shared->serve(); });
    const std::string thread_name = std::string(name.substr(0, 12)) + "-" + std::to_string(index % 100);
    pthread_setname_np(thread.native_handle(), thread_name.c_str());
  }
}

CpuPool::~CpuPool() { stop(); }

std::size_t CpuPool::queued() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->queue.size();
}

void CpuPool::stop() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    while (const auto job = shared_->queue.pop()) {
      if (!(*job)->begin()) continue;
      (*job)->dropped = true;
      (*job)->ended.set();
    }
  }
  shared_->work_or_stop.notify_all();
  for (auto& thread : shared_->threads) {
    if (thread.joinable()) thread.join();
  }
}

Result<> CpuPool::enqueue(const FairKey& key, std::shared_ptr<PoolJob> job) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->stopping) return fail(shutting_down());
    if (!shared_->queue.push(key, std::move(job))) {
      pool_refusals.add();
      return fail(overloaded());
    }
  }
  shared_->work_or_stop.notify_one();
  return {};
}

Task<Result<>> CpuPool::execute(FairKey key, std::shared_ptr<PoolJob> job) {
  namespace this_coro = boost::asio::this_coro;
  CO_TRY_VOID(enqueue(key, job));
  auto ended = co_await job->ended.wait(after(shared_->longest_wait));
  if (!ended) {
    if (job->take_back()) {
      if (ended.error().code != "timed_out") co_return fail(std::move(ended).error());
      pool_refusals.add();
      co_return fail(overloaded());
    }
    // It runs, and may refer to the caller's frame: stay, although cancelled. The next co_await of the caller
    // unwinds.
    const bool unwinds = co_await this_coro::throw_if_cancelled();
    co_await this_coro::throw_if_cancelled(false);
    while (!ended) ended = co_await job->ended.wait();
    co_await this_coro::throw_if_cancelled(unwinds);
  }
  if (job->dropped) co_return fail(shutting_down());
  co_return Result<>{};
}

}  // namespace holdfast::async
