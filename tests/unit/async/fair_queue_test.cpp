#include "holdfast/async/fair_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace holdfast::async {
namespace {

using testing::ElementsAre;

std::vector<int> drained(FairQueue<int>& queue) {
  std::vector<int> order;
  while (const auto item = queue.pop()) order.push_back(*item);
  return order;
}

TEST(FairQueue, AFloodOfOneAddressDelaysAnotherByOneItem) {
  FairQueue<int> queue({.total = 100, .per_address = 50, .per_user = 50});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(queue.push({.address = "flood", .user = "a"}, int(i)));
  ASSERT_TRUE(queue.push({.address = "calm", .user = "b"}, 100));
  EXPECT_THAT(drained(queue), ElementsAre(0, 100, 1, 2, 3, 4));
}

TEST(FairQueue, UsersOfOneAddressTakeTurns) {
  FairQueue<int> queue({.total = 100, .per_address = 50, .per_user = 50});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(queue.push({.address = "nat", .user = "greedy"}, int(i)));
  ASSERT_TRUE(queue.push({.address = "nat", .user = "second"}, 10));
  ASSERT_TRUE(queue.push({.address = "nat", .user = "third"}, 20));
  EXPECT_THAT(drained(queue), ElementsAre(0, 10, 20, 1, 2));
}

TEST(FairQueue, OneUserIsFirstComeFirstServed) {
  FairQueue<int> queue({.total = 10, .per_address = 10, .per_user = 10});
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(queue.push({}, int(i)));
  EXPECT_THAT(drained(queue), ElementsAre(0, 1, 2, 3));
}

TEST(FairQueue, EachLimitRefusesAndAPopMakesRoom) {
  FairQueue<int> queue({.total = 4, .per_address = 3, .per_user = 2});
  EXPECT_TRUE(queue.push({.address = "x", .user = "a"}, 1));
  EXPECT_TRUE(queue.push({.address = "x", .user = "a"}, 2));
  EXPECT_FALSE(queue.push({.address = "x", .user = "a"}, 3)) << "per user";
  EXPECT_TRUE(queue.push({.address = "x", .user = "b"}, 4));
  EXPECT_FALSE(queue.push({.address = "x", .user = "c"}, 5)) << "per address";
  EXPECT_TRUE(queue.push({.address = "y", .user = "a"}, 6));
  EXPECT_FALSE(queue.push({.address = "z", .user = "a"}, 7)) << "total";
  ASSERT_EQ(queue.pop(), 1);
  EXPECT_TRUE(queue.push({.address = "z", .user = "a"}, 8));
}

TEST(FairQueue, ARefusedItemIsLeftToItsOwner) {
  FairQueue<std::string> queue({.total = 0, .per_address = 1, .per_user = 1});
  std::string item = "kept";
  EXPECT_FALSE(queue.push({}, std::move(item)));
  EXPECT_EQ(item, "kept");
}

TEST(FairQueue, LosesAndInventsNothing) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  FairQueue<int> queue({.total = 40, .per_address = 20, .per_user = 6});
  std::map<std::pair<int, int>, std::deque<int>> model;
  std::size_t size = 0;
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 2 == 0) {
      const int address = static_cast<int>(random() % 5);
      const int user = static_cast<int>(random() % 4);
      const int item = (step * 100) + (address * 10) + user;
      if (queue.push({.address = std::to_string(address), .user = std::to_string(user)}, int(item))) {
        model[{address, user}].push_back(item);
        ++size;
      }
    } else if (const auto item = queue.pop()) {
      auto& line = model[{*item / 10 % 10, *item % 10}];
      ASSERT_FALSE(line.empty());
      ASSERT_EQ(line.front(), *item);
      line.pop_front();
      --size;
    }
    ASSERT_EQ(queue.size(), size);
  }
}

}  // namespace
}  // namespace holdfast::async
