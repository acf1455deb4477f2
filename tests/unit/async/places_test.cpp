#include "holdfast/async/places.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace holdfast::async {
namespace {

TEST(Places, AreBoundedInAllAndForEachKey) {
  Places places(3, 2);
  const auto first = places.take("a");
  auto second = places.take("a");
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(places.take("a")) << "all that one key may have";
  const auto other = places.take("b");
  EXPECT_TRUE(other);
  EXPECT_FALSE(places.take("c")) << "all";
  EXPECT_EQ(places.taken(), 3U);
  second.reset();
  EXPECT_TRUE(places.take("a"));
}

TEST(Places, AMovedPlaceIsGivenBackOnce) {
  Places places(1, 1);
  {
    auto place = places.take("a");
    ASSERT_TRUE(place);
    const Places::Place moved(*std::move(place));
    place.reset();
    EXPECT_EQ(places.taken(), 1U);
  }
  EXPECT_EQ(places.taken(), 0U);
}

TEST(Places, ThreadsNeverHoldMoreThanThereAre) {
  Places places(3, 2);
  std::atomic<int> held = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, key = std::to_string(i % 2)] {
      for (int round = 0; round < 2'000; ++round) {
        const auto place = places.take(key);
        if (!place) continue;
        const int now = ++held;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        --held;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most, 3);
  EXPECT_EQ(places.taken(), 0U);
}

}  // namespace
}  // namespace holdfast::async
