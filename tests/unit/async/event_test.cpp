#include "holdfast/async/event.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "holdfast/async/block_on.h"
#include "holdfast/async/io_pool.h"
#include "holdfast/async/task_group.h"

namespace holdfast::async {
namespace {

using namespace std::chrono_literals;

Task<Result<>> wait_for_event(Event event, SteadyTime deadline) { co_return co_await event.wait(deadline); }
Task<Result<>> wait_for_signal(Signal signal, SteadyTime deadline) {
  co_return co_await signal.wait(deadline);
}
Task<Result<int>> wait_for_value(OneShot<int> value, SteadyTime deadline) {
  co_return co_await value.wait(deadline);
}

Task<> note_thread_after(Event event, std::atomic<bool>* same_thread, Event* started) {
  const auto before = std::this_thread::get_id();
  started->set();
  const auto result = co_await event.wait();
  *same_thread = result.has_value() && std::this_thread::get_id() == before;
}

Task<> pass_on(Signal* from, Signal* to, int times, std::atomic<int>* passed) {
  for (int i = 0; i < times; ++i) {
    if (!co_await from->wait(after(20s))) co_return;
    ++*passed;
    to->notify();
  }
}

Task<> count_value(OneShot<int> value, std::atomic<int>* sum) {
  const auto got = co_await value.wait(after(20s));
  *sum += got.value_or(-1'000'000);
}

TEST(Event, SetBeforeTheWaitIsSeen) {
  IoPool pool(1);
  Event event;
  event.set();
  EXPECT_TRUE(block_on(pool.next(), wait_for_event(event, never)));
  EXPECT_TRUE(event.is_set());
}

TEST(Event, WakesOnTheWaitersOwnThread) {
  IoPool pool(2);
  Event event;
  Event started;
  std::atomic<bool> same_thread = false;
  TaskGroup group("test");
  group.spawn(pool.executor(0), note_thread_after(event, &same_thread, &started));
  ASSERT_TRUE(block_on(pool.executor(1), wait_for_event(started, after(20s))));
  event.set();
  group.wait();
  EXPECT_TRUE(same_thread);
}

TEST(Event, TimesOutAtItsDeadline) {
  IoPool pool(1);
  const auto begin = system_clock().steady_now();
  const auto result = block_on(pool.next(), wait_for_event(Event(), after(20ms)));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "timed_out");
  EXPECT_GE(system_clock().steady_now() - begin, 20ms);
}

TEST(Event, ResetMakesLaterWaitsSuspend) {
  IoPool pool(1);
  Event event;
  event.set();
  event.reset();
  EXPECT_FALSE(block_on(pool.next(), wait_for_event(event, after(1ms))));
}

TEST(Signal, NotificationsWithoutAWaiterCollapseIntoOne) {
  IoPool pool(1);
  Signal signal;
  signal.notify();
  signal.notify();
  EXPECT_TRUE(block_on(pool.next(), wait_for_signal(signal, after(1ms))));
  EXPECT_FALSE(block_on(pool.next(), wait_for_signal(signal, after(1ms))));
}

TEST(Signal, AWaitThatTimedOutTakesNothing) {
  IoPool pool(1);
  Signal signal;
  EXPECT_FALSE(block_on(pool.next(), wait_for_signal(signal, after(1ms))));
  signal.notify();
  EXPECT_TRUE(block_on(pool.next(), wait_for_signal(signal, after(1ms))));
}

TEST(Signal, PingPongBetweenTwoThreadsLosesNoWakeUp) {
  IoPool pool(2);
  Signal ping;
  Signal pong;
  std::atomic<int> passed = 0;
  TaskGroup group("ping-pong");
  group.spawn(pool.executor(0), pass_on(&ping, &pong, 2000, &passed));
  group.spawn(pool.executor(1), pass_on(&pong, &ping, 2000, &passed));
  ping.notify();
  group.wait();
  EXPECT_EQ(passed, 4000);
}

TEST(OneShot, CarriesAValueFromAPlainThread) {
  IoPool pool(1);
  const OneShot<int> value;
  std::thread setter([value] { value.set(42); });
  EXPECT_EQ(block_on(pool.next(), wait_for_value(value, never)), 42);
  setter.join();
}

TEST(OneShot, ManySettersAndWaitersOverThreads) {
  IoPool pool(2);
  TaskGroup group("values");
  std::atomic<int> sum = 0;
  std::vector<OneShot<int>> values(500);
  for (const auto& value : values) group.spawn(pool.next(), count_value(value, &sum));
  std::thread setter([&values] {
    for (const auto& value : values) value.set(1);
  });
  group.wait();
  setter.join();
  EXPECT_EQ(sum, 500);
}

TEST(OneShot, AWaiterThatGaveUpLeavesTheSetterUnharmed) {
  IoPool pool(1);
  const OneShot<int> value;
  const auto result = block_on(pool.next(), wait_for_value(value, after(1ms)));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "timed_out");
  value.set(1);
}

}  // namespace
}  // namespace holdfast::async
