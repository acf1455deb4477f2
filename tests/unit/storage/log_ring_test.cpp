#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <semaphore>
#include <thread>

#include "holdfast/storage/batch_ring.h"

namespace holdfast::storage {
namespace {

RawBatchPtr ring_batch(std::uint64_t index, std::size_t size = 100) {
  return std::make_shared<const RawBatch>(RawBatch{.rep = Bytes(size, 'x'), .head = {.index = index}});
}

std::vector<std::uint64_t> indexes_of(const std::vector<RawBatchPtr>& batches) {
  std::vector<std::uint64_t> out;
  for (const auto& batch : batches) out.push_back(batch->head.index);
  return out;
}

using Indexes = std::vector<std::uint64_t>;

TEST(LogRing, GivesWhatFollowsAPosition) {
  BatchRing ring(1000);
  for (std::uint64_t index = 5; index <= 8; ++index) ring.publish(ring_batch(index));
  EXPECT_EQ(indexes_of(ring.after(4, 1000).value()), (Indexes{5, 6, 7, 8}));
  EXPECT_EQ(indexes_of(ring.after(6, 1000).value()), (Indexes{7, 8}));
  EXPECT_TRUE(ring.after(8, 1000).value().empty());
  EXPECT_EQ(ring.after(3, 1000).error().code, "not_in_ring");
  EXPECT_EQ(ring.after(9, 1000).error().code, "not_in_ring");
  EXPECT_EQ(BatchRing(1000).after(0, 1000).error().code, "not_in_ring");
}

TEST(LogRing, IsBoundedButKeepsTheNewest) {
  BatchRing ring(250);
  for (std::uint64_t index = 1; index <= 4; ++index) ring.publish(ring_batch(index));
  EXPECT_EQ(ring.bytes(), 200U);
  EXPECT_EQ(indexes_of(ring.after(2, 1000).value()), (Indexes{3, 4}));
  EXPECT_FALSE(ring.after(1, 1000));
  ring.publish(ring_batch(5, 5000));
  EXPECT_EQ(indexes_of(ring.after(4, 1).value()), (Indexes{5}));
}

TEST(LogRing, AnswersAreBoundedButNeverEmptyWhenThereIsMore) {
  BatchRing ring(10'000);
  for (std::uint64_t index = 1; index <= 9; ++index) ring.publish(ring_batch(index));
  EXPECT_EQ(indexes_of(ring.after(0, 350).value()), (Indexes{1, 2, 3}));
  EXPECT_EQ(indexes_of(ring.after(3, 1).value()), (Indexes{4}));
}

TEST(LogRing, ABatchThatDoesNotFollowBeginsAnew) {
  BatchRing ring(1000);
  ring.publish(ring_batch(1));
  ring.publish(ring_batch(7));
  EXPECT_EQ(indexes_of(ring.after(6, 1000).value()), (Indexes{7}));
  EXPECT_FALSE(ring.after(1, 1000));
  ring.clear();
  EXPECT_EQ(ring.bytes(), 0U);
  EXPECT_FALSE(ring.after(7, 1000));
}

TEST(LogRing, WakesSubscribersUntilTheyLetGo) {
  BatchRing ring(1000);
  int woken = 0;
  auto subscription = ring.on_publish([&] {
    ++woken;
    EXPECT_FALSE(ring.after(0, 1000).value().empty());
  });
  ring.publish(ring_batch(1));
  ring.publish(ring_batch(2));
  subscription.reset();
  ring.publish(ring_batch(3));
  EXPECT_EQ(woken, 2);
}

/// Whoever lets go may take what the callback uses away right after.
TEST(LogRing, LettingGoWaitsForACallbackThatRuns) {
  BatchRing ring(1000);
  std::binary_semaphore entered(0);
  std::atomic<bool> ran = false;
  auto subscription = ring.on_publish([&] {
    entered.release();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // who does not wait has gone on by then
    ran = true;
  });
  std::thread publisher([&] { ring.publish(ring_batch(1)); });
  entered.acquire();
  subscription.reset();
  EXPECT_TRUE(ran);
  publisher.join();
}

TEST(LogRing, ACallbackMayLetGoOfItself) {
  BatchRing ring(1000);
  int woken = 0;
  Subscription subscription;
  subscription = ring.on_publish([&] {
    ++woken;
    subscription.reset();
  });
  ring.publish(ring_batch(1));
  ring.publish(ring_batch(2));
  EXPECT_EQ(woken, 1);
}

}  // namespace
}  // namespace holdfast::storage
