#include <gtest/gtest.h>

#include "cutting_proxy.h"
#include "state_override.h"
#include "storage/fault_env.h"
#include "two_regions.h"

// A primary that does not hear of the reign after its own: whoever hears of it leaves the old one, and tells
// it as soon as it can be reached.
namespace holdfast::test {
namespace {

/// Three regions; the second one reigns behind the first one's back, and the third follows it.
class DeposedPrimary : public testing::Test {
 protected:
  void depose() {
    proxy.forward_to(old.port());
    old.advertised_port = proxy.port();
    old.local_env = faults.env();
    old.init();
    old.start();
    for (auto* region : {&promoted, &follower}) {
      ASSERT_TRUE(region->join(old));
      region->start();
    }
    const auto both_follow = [&] {
      return promoted.durable() == old.durable() && follower.durable() == old.durable();
    };
    ASSERT_TRUE(eventually(both_follow)) << "by a snapshot";
    ASSERT_TRUE(old.write("old", "reign"));
    ASSERT_TRUE(eventually(both_follow)) << "by a stream, which stays";

    // From now on nobody new reaches the old primary; its sessions with the follower stay.
    promoted.stop();
    proxy.forward_to(1);
    promoted.open_next_reign();
    promoted.start({.policy = {.require_peers = false}});
    ASSERT_EQ(promoted.state().role(), region::Role::primary);
    ASSERT_TRUE(promoted.write("new", "reign"));
    ASSERT_TRUE(eventually([&] { return follower.durable() == promoted.durable(); }))
        << "frames of the lower reign are not taken any more";
    EXPECT_EQ(old.state().role(), region::Role::primary) << "nobody could tell it";
  }

  TempDirectory directory{TempDirectory::Where::memory};
  FaultEnv faults;
  Machine machine;
  CuttingProxy proxy;
  TestRegion old{machine, "us-east-1", directory / "a"};
  TestRegion promoted{machine, "eu-west-1", directory / "b"};
  TestRegion follower{machine, "ap-south-1", directory / "c"};
};

TEST_F(DeposedPrimary, loses_its_followers_to_the_new_reign_and_is_fenced_by_them) {
  ASSERT_NO_FATAL_FAILURE(depose());
  proxy.forward_to(old.port());
  EXPECT_TRUE(eventually([&] { return old.state().role() != region::Role::primary; }));
  EXPECT_TRUE(eventually([&] { return old.durable() == promoted.durable(); }));
  EXPECT_EQ(old.state().role(), region::Role::secondary);
  EXPECT_EQ(old.read("new"), "reign");
}

TEST_F(DeposedPrimary, is_fenced_also_where_its_local_db_has_failed) {
  for (auto* region : {&old, &promoted, &follower}) region->on_building = &register_state;
  ASSERT_NO_FATAL_FAILURE(depose());
  faults.fail_syncs(".log", 1);
  ASSERT_FALSE(old.local().put(storage::local_tables::counters, "any", "row"));
  // A part of every beat that cannot be put down.
  ASSERT_TRUE(follower.facts().set_override({.kind = "state", .key = "photos", .value = "2failover"}));
  ASSERT_TRUE(old.write("its store", "is healthy"));
  proxy.forward_to(old.port());
  EXPECT_TRUE(eventually([&] { return old.state().role() != region::Role::primary; }));
  EXPECT_FALSE(old.write("two", "writable regions"));
}

class CopiedRegion : public TwoRegions {};

TEST_F(CopiedRegion, opens_nothing_while_the_other_copy_is_followed) {
  join_second();
  ASSERT_TRUE(eventually([&] { return second.durable() == primary.durable(); }));
  primary.stop();
  std::filesystem::copy(primary.root(), directory / "copy", std::filesystem::copy_options::recursive);
  primary.start();
  ASSERT_TRUE(eventually([&] { return primary.state().role() == region::Role::primary; }));
  ASSERT_TRUE(eventually([&] { return second.durable() == primary.durable(); }));

  TestRegion copy{machine, "us-east-1", directory / "copy"};
  copy.start();
  EXPECT_FALSE(
      eventually([&] { return copy.state().role() == region::Role::primary; }, std::chrono::seconds(3)))
      << "two writable regions in one reign";
  ASSERT_TRUE(primary.write("still", "written"));
  EXPECT_TRUE(eventually([&] { return second.read("still") == "written"; }));
}

}  // namespace
}  // namespace holdfast::test
