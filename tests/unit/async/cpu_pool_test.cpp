#include "holdfast/async/cpu_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "holdfast/async/block_on.h"
#include "holdfast/async/io_pool.h"
#include "holdfast/async/offload.h"
#include "holdfast/async/task_group.h"

namespace holdfast::async {
namespace {

using namespace std::chrono_literals;

// Keeps the only thread of a pool busy until it is opened.
struct Gate {
  std::promise<void> opened;
  std::shared_future<void> is_open = opened.get_future().share();
  Event entered;
};

Task<> hold(CpuPool* pool, Gate* gate, std::atomic<int>* ended) {
  int local = 1;
  const auto result = co_await pool->run([gate, &local] {
    gate->entered.set();
    gate->is_open.wait();
    return ++local;
  });
  *ended += result.value_or(100);
}

Task<Result<int>> run_adding(CpuPool* pool, FairKey key, int value) {
  co_return co_await pool->run(std::move(key), [value] { return value + 1; });
}

Task<> note_error(CpuPool* pool, FairKey key, std::atomic<bool>* ran, std::optional<Error>* error) {
  const auto result = co_await pool->run(std::move(key), [ran] { *ran = true; });
  if (!result) *error = result.error();
}

Task<> note_order(CpuPool* pool, FairKey key, int item, std::vector<int>* order) {
  (void)co_await pool->run(std::move(key), [item, order] { order->push_back(item); });
}

Task<Result<>> run_throwing(CpuPool* pool) {
  co_return co_await pool->run([]() -> void { throw std::runtime_error("from the library"); });
}

Task<Result<int>> run_refusing(CpuPool* pool) {
  co_return co_await pool->run(
      []() -> Result<int> { return fail(ErrorKind::conflict, "already_exists", "there"); });
}

Task<bool> resumes_where_it_was(DiskPool* disk) {
  const auto before = std::this_thread::get_id();
  const auto elsewhere = co_await offload(*disk, [] { return std::this_thread::get_id(); });
  co_return elsewhere && *elsewhere != before&& std::this_thread::get_id() == before;
}

Task<Result<>> entered(Gate* gate) { co_return co_await gate->entered.wait(after(20s)); }

class OneThreadPool : public testing::Test {
 protected:
  void occupy() {
    group.spawn(io.executor(0), hold(&pool, &gate, &held));
    ASSERT_TRUE(block_on(io.executor(1), entered(&gate)));
  }
  void open() { gate.opened.set_value(); }
  // Waits until `count` jobs are queued: they are pushed on the I/O thread, one turn after spawn.
  void await_queued(std::size_t count) const {
    while (pool.queued() != count) std::this_thread::yield();
  }

  IoPool io{2};
  CpuPool pool{"test", {.threads = 1, .limits = {.total = 4, .per_address = 3, .per_user = 2}}};
  Gate gate;
  std::atomic<int> held = 0;
  TaskGroup group{"test"};
};

TEST_F(OneThreadPool, GivesTheResult) { EXPECT_EQ(block_on(io.next(), run_adding(&pool, {}, 41)), 42); }

TEST_F(OneThreadPool, PassesARefusalOn) {
  const auto result = block_on(io.next(), run_refusing(&pool));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "already_exists");
}

TEST_F(OneThreadPool, AnExceptionIsAnInternalError) {
  const auto result = block_on(io.next(), run_throwing(&pool));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::internal);
  EXPECT_EQ(result.error().detail, "from the library");
}

TEST_F(OneThreadPool, AFullQueueAnswersOverloadedAtOnce) {
  occupy();
  std::vector<int> order;
  group.spawn(io.executor(0), note_order(&pool, {.address = "x", .user = "u"}, 1, &order));
  group.spawn(io.executor(0), note_order(&pool, {.address = "x", .user = "u"}, 2, &order));
  await_queued(2);
  const auto refused = block_on(io.executor(1), run_adding(&pool, {.address = "x", .user = "u"}, 0));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::overloaded);
  EXPECT_EQ(refused.error().code, "overloaded");
  open();
  group.wait();
  EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST_F(OneThreadPool, WhoWaitsTooLongIsToldAndTheWorkNeverRuns) {
  // Longer than an idle thread needs to take what comes, on a busy machine too.
  CpuPool impatient("test", {.threads = 1, .longest_wait = 2s, .limits = {}});
  group.spawn(io.executor(0), hold(&impatient, &gate, &held));
  ASSERT_TRUE(block_on(io.executor(1), entered(&gate)));
  std::atomic<bool> ran = false;
  std::optional<Error> error;
  block_on(io.executor(1), note_error(&impatient, {}, &ran, &error));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::overloaded);
  open();
  group.wait();
  EXPECT_EQ(held, 2) << "what a thread has begun is waited for, however long it takes";
  EXPECT_EQ(block_on(io.next(), run_adding(&impatient, {}, 41)).value_or(42), 42);
  EXPECT_FALSE(ran);
}

TEST_F(OneThreadPool, IsFairBetweenAddresses) {
  occupy();
  std::vector<int> order;
  group.spawn(io.executor(0), note_order(&pool, {.address = "flood", .user = "u"}, 1, &order));
  group.spawn(io.executor(0), note_order(&pool, {.address = "flood", .user = "u"}, 2, &order));
  group.spawn(io.executor(0), note_order(&pool, {.address = "calm", .user = "v"}, 3, &order));
  await_queued(3);
  open();
  group.wait();
  EXPECT_EQ(order, (std::vector{1, 3, 2}));
}

TEST_F(OneThreadPool, CancelledWhileQueuedItNeverRuns) {
  occupy();
  std::atomic<bool> ran = false;
  std::optional<Error> error;
  TaskGroup cancelled_group("cancelled");
  cancelled_group.spawn(io.executor(1), note_error(&pool, {}, &ran, &error));
  await_queued(1);
  cancelled_group.cancel();
  cancelled_group.wait();
  open();
  group.wait();
  EXPECT_FALSE(ran);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "cancelled");
}

TEST_F(OneThreadPool, CancelledWhileRunningTheTaskWaitsForTheEnd) {
  occupy();
  group.cancel();
  group.cancel();
  // The task may not end yet: its function refers to its frame.
  EXPECT_FALSE(block_on(io.executor(1), group.join(after(20ms))));
  open();
  group.wait();
  EXPECT_EQ(held, 2);
}

TEST_F(OneThreadPool, StopAnswersWhatIsQueued) {
  occupy();
  std::atomic<bool> ran = false;
  std::optional<Error> error;
  group.spawn(io.executor(1), note_error(&pool, {}, &ran, &error));
  await_queued(1);
  std::thread stopper([this] { pool.stop(); });
  await_queued(0);
  open();
  stopper.join();
  group.wait();
  EXPECT_FALSE(ran);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "shutting_down");
  const auto later = block_on(io.next(), run_adding(&pool, {}, 1));
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, "shutting_down");
}

TEST(DiskPool, ResumesOnTheCallersThread) {
  IoPool io(2);
  DiskPool disk(2);
  EXPECT_TRUE(block_on(io.next(), resumes_where_it_was(&disk)));
}

}  // namespace
}  // namespace holdfast::async
