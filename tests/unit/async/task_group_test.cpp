#include "holdfast/async/task_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <thread>

#include "holdfast/async/block_on.h"
#include "holdfast/async/event.h"
#include "holdfast/async/io_pool.h"
#include "holdfast/async/timer.h"
#include "holdfast/base/metrics.h"

namespace holdfast::async {
namespace {

using namespace std::chrono_literals;

struct CountsItsEnd {
  explicit CountsItsEnd(std::atomic<int>* count) : ended(count) {}
  CountsItsEnd(const CountsItsEnd&) = delete;
  CountsItsEnd& operator=(const CountsItsEnd&) = delete;
  ~CountsItsEnd() { ++*ended; }
  std::atomic<int>* ended;
};

Task<> sleep_long(Event* started, std::atomic<int>* ended) {
  const CountsItsEnd counts(ended);
  started->set();
  co_await sleep_for(1h);
}

Task<> forgets_to_check(std::atomic<int>* ended) {
  const CountsItsEnd counts(ended);
  for (;;) co_await sleep_for(1h);
}

Task<> add_one(std::atomic<int>* sum) {
  ++*sum;
  co_return;
}

Task<> throws() {
  co_await sleep_for(1ms);
  throw std::runtime_error("a defect");
}

Task<> throws_at_once() {
  throw std::runtime_error("a defect before the first suspension");
  co_return;
}

Task<Result<>> join(TaskGroup* group, SteadyTime deadline) { co_return co_await group->join(deadline); }

Task<> note_result(Event event, Event* started, std::optional<Error>* error) {
  started->set();
  const auto result = co_await event.wait();
  if (!result) *error = result.error();
}

Task<> spawn_children(TaskGroup* group, Executor on, int count, std::atomic<int>* sum) {
  for (int i = 0; i < count; ++i) group->spawn(on, add_one(sum));
  co_return;
}

std::int64_t task_failures_so_far() {
  std::int64_t value = -1;
  metrics::for_each([&value](const metrics::Metric& metric) {
    if (metric.name() == "holdfast_task_failures_total") value = metric.value();
  });
  return value;
}

TEST(TaskGroup, RunsTasksOnEveryExecutorAndJoins) {
  IoPool pool(2);
  TaskGroup group("test");
  std::atomic<int> sum = 0;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(group.spawn(pool.next(), add_one(&sum)));
  EXPECT_TRUE(block_on(pool.next(), join(&group, never)));
  EXPECT_EQ(sum, 1000);
  EXPECT_EQ(group.size(), 0);
}

TEST(TaskGroup, CancelUnwindsSuspendedTasksEvenThoseThatForgetToCheck) {
  IoPool pool(2);
  std::atomic<int> ended = 0;
  Event started;
  TaskGroup group("test");
  group.spawn(pool.executor(0), sleep_long(&started, &ended));
  group.spawn(pool.executor(1), forgets_to_check(&ended));
  group.spawn(pool.executor(0), forgets_to_check(&ended));
  const auto failures = task_failures_so_far();
  group.cancel();
  group.wait();
  EXPECT_EQ(task_failures_so_far(), failures) << "a cancelled task is no defect";
  EXPECT_EQ(group.size(), 0);
}

TEST(TaskGroup, CancelRunsDestructorsOfTasksThatHadBegun) {
  IoPool pool(1);
  std::atomic<int> ended = 0;
  Event started;
  TaskGroup group("test");
  group.spawn(pool.executor(0), sleep_long(&started, &ended));
  ASSERT_TRUE(block_on(pool.next(), started.wait(after(20s))));
  group.cancel();
  group.wait();
  EXPECT_EQ(ended, 1);
}

TEST(TaskGroup, ACancelledWaitSaysSo) {
  IoPool pool(1);
  std::optional<Error> error;
  TaskGroup group("test");
  Event started;
  group.spawn(pool.next(), note_result(Event(), &started, &error));
  ASSERT_TRUE(block_on(pool.next(), started.wait(after(20s))));
  group.cancel();
  group.wait();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "cancelled");
}

TEST(TaskGroup, AClosedGroupTakesNoTask) {
  IoPool pool(1);
  std::atomic<int> sum = 0;
  TaskGroup group("test");
  group.close();
  EXPECT_FALSE(group.spawn(pool.next(), add_one(&sum)));
  group.wait();
  EXPECT_EQ(sum, 0);
}

TEST(TaskGroup, JoinGivesUpAtItsDeadline) {
  IoPool pool(1);
  std::atomic<int> ended = 0;
  TaskGroup group("test");
  group.spawn(pool.next(), forgets_to_check(&ended));
  const auto result = block_on(pool.next(), join(&group, after(5ms)));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "timed_out");
  EXPECT_EQ(group.size(), 1);
}

TEST(TaskGroup, AnExceptionIsCountedAndTheOthersGoOn) {
  IoPool pool(1);
  std::atomic<int> sum = 0;
  const auto failures = task_failures_so_far();
  TaskGroup group("test");
  group.spawn(pool.next(), throws());
  group.spawn(pool.next(), throws_at_once());
  group.spawn(pool.next(), add_one(&sum));
  group.wait();
  EXPECT_EQ(sum, 1);
  EXPECT_EQ(task_failures_so_far(), failures + 2);
}

TEST(TaskGroup, DestructionCancelsAndWaits) {
  IoPool pool(2);
  std::atomic<int> ended = 0;
  {
    Event started;
    TaskGroup group("test");
    group.spawn(pool.next(), sleep_long(&started, &ended));
    ASSERT_TRUE(block_on(pool.next(), started.wait(after(20s))));
  }
  EXPECT_EQ(ended, 1);
}

TEST(TaskGroup, CancelRacesWithSpawnAndTheEnd) {
  IoPool pool(2);
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> sum = 0;
    TaskGroup group("race");
    group.spawn(pool.executor(0), spawn_children(&group, pool.executor(1), 20, &sum));
    group.spawn(pool.executor(1), spawn_children(&group, pool.executor(0), 20, &sum));
    std::thread canceller([&group] { group.cancel(); });
    group.wait();
    canceller.join();
    EXPECT_LE(sum, 40);
  }
}

TEST(TaskGroup, APoolThatStopsFirstLeavesNobodyWaiting) {
  std::atomic<int> ended = 0;
  TaskGroup group("test");
  {
    IoPool pool(1);
    Event started;
    group.spawn(pool.next(), sleep_long(&started, &ended));
    ASSERT_TRUE(block_on(pool.next(), started.wait(after(20s))));
  }
  group.wait();
  EXPECT_EQ(ended, 1);
}

}  // namespace
}  // namespace holdfast::async
