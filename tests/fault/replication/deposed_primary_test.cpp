#include <gtest/gtest.h>

#include "cutting_proxy.h"
#include "two_regions.h"

// A primary that does not hear of the reign after its own: whoever hears of it leaves the old one, and tells
// it as soon as it can be reached.
namespace holdfast::test {
namespace {

TEST(DeposedPrimary, loses_its_followers_to_the_new_reign_and_is_fenced_by_them) {
  TempDirectory directory{TempDirectory::Where::memory};
  Machine machine;
  CuttingProxy proxy;
  TestRegion old{machine, "us-east-1", directory / "a"};
  TestRegion promoted{machine, "eu-west-1", directory / "b"};
  TestRegion follower{machine, "ap-south-1", directory / "c"};
  proxy.forward_to(old.port());
  old.advertised_port = proxy.port();
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

  proxy.forward_to(old.port());
  EXPECT_TRUE(eventually([&] { return old.state().role() != region::Role::primary; }));
  EXPECT_TRUE(eventually([&] { return old.durable() == promoted.durable(); }));
  EXPECT_EQ(old.state().role(), region::Role::secondary);
  EXPECT_EQ(old.read("new"), "reign");
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
