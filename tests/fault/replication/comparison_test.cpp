#include <gtest/gtest.h>

#include <future>

#include "cutting_proxy.h"
#include "held_step.h"
#include "holdfast/async/block_on.h"
#include "holdfast/replication/verify.h"
#include "state_override.h"
#include "two_regions.h"

// A comparison reads a member's whole store, which takes minutes where that is large.
namespace holdfast::test {
namespace {

class LongComparison : public TwoRegions {
 protected:
  void SetUp() override {
    for (auto* region : {&primary, &second}) region->on_building = &register_state;
    proxy.forward_to(primary.port());
    primary.advertised_port = proxy.port();
    TwoRegions::SetUp();
  }
  Result<replication::VerifyReport> verify(std::chrono::seconds limit) {
    return async::block_on(machine.io.next(), primary.replication().verify(second.name(), limit));
  }

  CuttingProxy proxy;
};

TEST_F(LongComparison, keeps_neither_beats_nor_the_next_stream_waiting) {
  constexpr std::chrono::seconds patience{60};
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  const HeldStep digesting("verify.range");
  auto report = std::async(std::launch::async, [&] { return verify(patience); });
  ASSERT_TRUE(eventually([] { return HeldStep::is_held(); }));

  ASSERT_TRUE(primary.facts().set_override({.kind = "state", .key = "photos", .value = "2failover"}));
  EXPECT_TRUE(
      eventually([&] { return second.facts().find_override("state", "photos").has_value(); }, patience))
      << "beats wait for it: the member holds its primary for lost";
  ASSERT_TRUE(primary.write("during", "1"));
  EXPECT_TRUE(eventually([&] { return caught_up(); }, patience));

  proxy.swallow(true, true);
  ASSERT_TRUE(eventually([&] { return !second.state().view().primary->reachable; }));
  EXPECT_FALSE(report.get()) << "the connection ended";
  proxy.swallow(false, false);
  ASSERT_TRUE(primary.write("after", "the cut"));
  EXPECT_TRUE(eventually([&] { return caught_up(); }, patience))
      << "the next session may not write the store";

  HeldStep::let_go();
  EXPECT_TRUE(eventually([&] { return verify(patience).has_value(); }));
}

TEST_F(LongComparison, takes_one_thread_of_the_primary_and_no_longer_than_it_is_waited_for) {
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  const HeldStep digesting("verify.family");
  EXPECT_FALSE(verify(std::chrono::seconds(1)));
  ASSERT_TRUE(HeldStep::is_held());
  EXPECT_FALSE(verify(std::chrono::seconds(3))) << "it read the store beside the first one";
  HeldStep::let_go();
  EXPECT_TRUE(eventually([&] { return verify(std::chrono::seconds(60)).has_value(); }));

  const std::atomic<bool> abandoned = true;
  const auto left = replication::digest_store(primary.core().snapshot(), abandoned);
  ASSERT_FALSE(left);
  EXPECT_EQ(left.error().code, "member_away");
}

}  // namespace
}  // namespace holdfast::test
