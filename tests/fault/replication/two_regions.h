#pragma once

#include <gtest/gtest.h>

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

  TempDirectory directory{TempDirectory::Where::memory};
  Machine machine;
  TestRegion primary{machine, "us-east-1", directory / "a"};
  TestRegion second{machine, "eu-west-1", directory / "b"};
};

}  // namespace holdfast::test
