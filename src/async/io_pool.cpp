#include "holdfast/async/io_pool.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <string>

#include "holdfast/base/log.h"

namespace holdfast::async {

struct IoPool::Loop {
  // One thread runs it: Asio may then keep handlers that the thread itself queues out of the shared queue.
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  std::thread thread;

  void serve(std::size_t index) {
    pthread_setname_np(pthread_self(), ("io-" + std::to_string(index)).c_str());
    while (!context.stopped()) {
      try {
        context.run();
      } catch (const std::exception& failure) {
        log::error("an exception left a handler", {{"what", failure.what()}});
      }
    }
  }
};

IoPool::IoPool(std::size_t threads) {
  (void)std::signal(SIGPIPE, SIG_IGN);
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t index = 0; index < threads; ++index) {
    auto& loop = *loops_.emplace_back(std::make_unique<Loop>());
    loop.thread = std::thread([&loop, index] { loop.serve(index); });
  }
}

IoPool::~IoPool() { stop(); }

Executor IoPool::executor(std::size_t index) const { return loops_[index]->context.get_executor(); }

Executor IoPool::next() { return executor(next_.fetch_add(1, std::memory_order_relaxed) % loops_.size()); }

void IoPool::stop() {
  for (const auto& loop : loops_) loop->context.stop();
  for (const auto& loop : loops_) {
    if (loop->thread.joinable()) loop->thread.join();
  }
}

}  // namespace holdfast::async
