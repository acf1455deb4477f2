#include "liveness.h"

#include <gtest/gtest.h>

namespace holdfast::replication {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime began{1h};

TEST(Liveness, dies_of_silence) {
  Liveness liveness(began);
  liveness.heard(began + 1s);
  liveness.heard(began);
  EXPECT_FALSE(liveness.is_dead(began + 5999ms));
  EXPECT_TRUE(liveness.is_dead(began + 6s));
}

TEST(Liveness, waits_longer_for_an_answer_to_what_takes_long_but_for_the_first_alone) {
  Liveness liveness(began);
  liveness.wait_longer(travel_limit(100'000));
  EXPECT_FALSE(liveness.is_dead(began + 14999ms)) << "10 KB/s";
  EXPECT_TRUE(liveness.is_dead(began + 15s));
  liveness.heard(began + 12s);
  EXPECT_TRUE(liveness.is_dead(began + 17s));
}

TEST(Liveness, wakes_for_a_beat_or_for_the_end) {
  Liveness liveness(began);
  EXPECT_TRUE(liveness.take_beat(began));
  EXPECT_FALSE(liveness.take_beat(began + 999ms));
  EXPECT_EQ(liveness.next_wakeup(), began + 1s);
  EXPECT_TRUE(liveness.take_beat(began + 4500ms));
  EXPECT_EQ(liveness.next_wakeup(), began + 5s);
}

}  // namespace
}  // namespace holdfast::replication
