#include "ballast.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <limits>

namespace holdfast::app {
namespace {

constexpr std::uint64_t ballast_test_bytes = 1024 * 1024;

class BallastTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "ballastXXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    file_ = std::filesystem::path(pattern) / "ballast";
  }
  void TearDown() override { std::filesystem::remove_all(file_.parent_path()); }
  std::filesystem::path file_;
};

TEST_F(BallastTest, HoldsRealBlocks) {
  const Ballast ballast(file_, ballast_test_bytes);
  ASSERT_TRUE(ballast.keep(0));
  struct stat info{};
  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_GE(static_cast<std::uint64_t>(info.st_blocks) * 512, ballast_test_bytes);
  EXPECT_TRUE(ballast.keep(0));
}

TEST_F(BallastTest, IsNotMadeWhereRoomIsShort) {
  ASSERT_TRUE(Ballast(file_, ballast_test_bytes).keep(std::numeric_limits<std::uint64_t>::max() / 2));
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(BallastTest, IsGivenUpOnlyWhenTheDiskIsFull) {
  const Ballast ballast(file_, ballast_test_bytes);
  ASSERT_TRUE(ballast.keep(0));
  EXPECT_EQ(ballast.give_up_below(1), false);
  EXPECT_TRUE(std::filesystem::exists(file_));
  EXPECT_EQ(ballast.give_up_below(std::numeric_limits<std::uint64_t>::max()), true);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

}  // namespace
}  // namespace holdfast::app
