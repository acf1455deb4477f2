#include <gtest/gtest.h>

#include "holdfast/crypto/key_wrap.h"
#include "holdfast/storage/watermark.h"
#include "storage/temp_directory.h"

namespace holdfast::storage {
namespace {

Head watermark_head(std::uint32_t reign, std::uint32_t incarnation, std::uint64_t index) {
  return {.term = {.reign = reign, .incarnation = incarnation}, .index = index};
}

TEST(LogWatermark, OnlyAStoreBelowItIsRefused) {
  const Watermark mark{.term = {.reign = 2, .incarnation = 3}, .index = 100};
  EXPECT_EQ(judge_recovery(std::nullopt, Head{}), Recovery::complete);
  EXPECT_EQ(judge_recovery(mark, watermark_head(2, 3, 100)), Recovery::complete);
  EXPECT_EQ(judge_recovery(mark, watermark_head(2, 4, 101)), Recovery::complete);
  EXPECT_EQ(judge_recovery(mark, watermark_head(2, 3, 99)), Recovery::below_watermark);
  EXPECT_EQ(judge_recovery(mark, Head{}), Recovery::below_watermark);
  EXPECT_EQ(judge_recovery(mark, watermark_head(2, 2, 100)), Recovery::below_watermark);
}

TEST(LogWatermark, APeerThatHasMoreOfOurOwnReignIsNoticed) {
  const auto own = watermark_head(2, 3, 100);
  EXPECT_TRUE(peer_is_further_in_own_term(own, position_of(watermark_head(2, 3, 101))));
  EXPECT_FALSE(peer_is_further_in_own_term(own, position_of(watermark_head(2, 3, 100))));
  EXPECT_TRUE(peer_is_further_in_own_term(own, position_of(watermark_head(2, 4, 500))));
  EXPECT_FALSE(peer_is_further_in_own_term(own, position_of(watermark_head(1, 9, 500))));
  EXPECT_FALSE(peer_is_further_in_own_term(own, position_of(watermark_head(3, 1, 101))));
}

class LogWatermarkKeeper : public testing::Test {
 protected:
  std::unique_ptr<LocalDb> open(bool create) {
    auto local = LocalDb::open({.path = directory_ / "local.db", .create = create}, region_key_);
    EXPECT_TRUE(local) << local.error().describe();
    return local ? *std::move(local) : nullptr;
  }

  test::TempDirectory directory_;
  crypto::RsaRegionKey region_key_ = crypto::RsaRegionKey::generate().value();
};

TEST_F(LogWatermarkKeeper, RisesOnlyAndBelongsToItsGeneration) {
  {
    const auto local = open(true);
    WatermarkKeeper keeper(*local, 1);
    EXPECT_EQ(keeper.judge(Head{}).value(), Recovery::complete);
    ASSERT_TRUE(keeper.advance(watermark_head(1, 1, 50)));
    ASSERT_TRUE(keeper.advance(watermark_head(1, 1, 40)));
  }
  const auto local = open(false);
  WatermarkKeeper keeper(*local, 1);
  // A lower head after a restart does not lower it either.
  ASSERT_TRUE(keeper.advance(watermark_head(1, 1, 30)));
  EXPECT_EQ(keeper.judge(watermark_head(1, 1, 50)).value(), Recovery::complete);
  EXPECT_EQ(keeper.judge(watermark_head(1, 1, 49)).value(), Recovery::below_watermark);
  EXPECT_EQ(WatermarkKeeper(*local, 2).judge(Head{}).value(), Recovery::complete);
}

TEST_F(LogWatermarkKeeper, ATermThatWasForcedOpenOnAShorterLogIsNotAskedAboutAgain) {
  const auto local = open(true);
  ASSERT_TRUE(WatermarkKeeper(*local, 1).advance(watermark_head(1, 2, 100)));
  WatermarkKeeper keeper(*local, 1);
  EXPECT_EQ(keeper.judge(watermark_head(1, 2, 60)).value(), Recovery::below_watermark);
  ASSERT_TRUE(keeper.advance(watermark_head(1, 3, 61)));
  EXPECT_EQ(keeper.judge(watermark_head(1, 3, 61)).value(), Recovery::complete);
  EXPECT_EQ(keeper.judge(watermark_head(1, 3, 60)).value(), Recovery::below_watermark);
}

}  // namespace
}  // namespace holdfast::storage
