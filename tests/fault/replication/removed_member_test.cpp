#include <gtest/gtest.h>

#include "cutting_proxy.h"
#include "holdfast/async/block_on.h"
#include "state_override.h"
#include "two_regions.h"

// Who was shut out is nobody, also to a region that was just dialling it.
namespace holdfast::test {
namespace {

class RemovedMember : public TwoRegions {
 protected:
  void SetUp() override {
    for (auto* region : {&primary, &second, &third}) region->on_building = &register_state;
    TwoRegions::SetUp();
    proxy.forward_to(third.port());
    third.advertised_port = proxy.port();
  }
  void remove_third() {
    auto row = *primary.members().find(third.name());
    row.state = region::MemberState::removed;
    auto transaction = primary.core().transaction();
    ASSERT_TRUE(region::Members::put(transaction, row));
    ASSERT_TRUE(async::block_on(machine.io.next(), primary.writer().commit(std::move(transaction))));
  }

  CuttingProxy proxy;
  TestRegion third{machine, "ap-south-1", directory / "c"};
};

TEST_F(RemovedMember, is_not_listened_to_where_it_was_slow_to_shake_hands) {
  proxy.hold(true);
  join_second();
  ASSERT_TRUE(third.join(primary));
  third.start();
  ASSERT_TRUE(eventually([&] { return caught_up() && third.durable() == primary.durable(); }));
  second.stop();
  ASSERT_TRUE(eventually([&] { return proxy.open() == 0; }));
  const auto before = proxy.connections();
  second.start();
  // One for the log and one for objects; both wait for the third region's first word.
  ASSERT_TRUE(eventually([&] { return proxy.connections() >= before + 2; }));
  remove_third();
  ASSERT_TRUE(eventually([&] {
    const auto row = second.members().find(third.name());
    return row && row->state == region::MemberState::removed;
  }));
  ASSERT_TRUE(third.facts().set_override({.kind = "state", .key = "photos", .value = "2failover"}));
  // A dial ends by itself after five seconds. On a machine that took longer until here nothing is shown.
  RecordProperty("held_handshakes", static_cast<int>(proxy.open()));
  proxy.hold(false);
  EXPECT_TRUE(eventually([&] { return proxy.open() == 0; }, std::chrono::seconds(60)))
      << "its beats are listened to for as long as it lives";
  EXPECT_FALSE(second.facts().find_override("state", "photos"));
}

}  // namespace
}  // namespace holdfast::test
