#pragma once

#include <gtest/gtest.h>

#include "holdfast/async/block_on.h"
#include "holdfast/crypto/random.h"
#include "storage/temp_directory.h"
#include "test_region.h"

namespace holdfast::test {

/// A primary that runs, and a second region that has not joined it yet.
class TwoRegions : public testing::Test {
 protected:
  void SetUp() override {
    primary.init();
    primary.start();
    ASSERT_EQ(primary.state().role(), region::Role::primary);
  }
  void join_second() {
    const auto joined = second.join(primary);
    ASSERT_TRUE(joined) << joined.error().describe();
    second.start();
  }
  [[nodiscard]] bool caught_up() {
    return second.durable() == primary.durable() && primary.durable().index > 0;
  }
  /// Until both of the second region's connections have brought something: none of those that it began with
  /// is counted after this.
  void expect_both_connections() {
    ASSERT_TRUE(primary.write("first", "1"));
    const auto object = want_object(10, primary, second);
    ASSERT_TRUE(eventually([&] { return caught_up() && second.blobs().has(object); }));
  }
  static BlobId want_object(std::size_t size, TestRegion& from, TestRegion& to) {
    const auto key = from.core().keys()->key_for(storage::Scope::token());
    const auto put = from.blobs().put(key.value(), crypto::random_bytes(size)).value();
    to.demand().want(put.id, {.size = put.size, .sha256 = put.sha256});
    return put.id;
  }
  [[nodiscard]] bool hears_primary() {
    const auto view = second.state().view();
    return view.primary && view.primary->reachable;
  }
  void expect_identical() {
    ASSERT_TRUE(eventually([&] { return primary.peers().find(second.name())->connected; }));
    const auto report = async::block_on(
        machine.io.next(), primary.replication().verify(second.name(), std::chrono::seconds(60)));
    ASSERT_TRUE(report) << report.error().describe();
    EXPECT_TRUE(report->identical());
  }

  TempDirectory directory{TempDirectory::Where::memory};
  Machine machine;
  TestRegion primary{machine, "us-east-1", directory / "a"};
  TestRegion second{machine, "eu-west-1", directory / "b"};
};

}  // namespace holdfast::test
