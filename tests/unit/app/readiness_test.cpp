#include "readiness.h"

#include <gtest/gtest.h>

namespace holdfast::app {
namespace {

TEST(Readiness, SaysWhatFailedFirstAndRecovers) {
  Result<> store;
  Result<> signing;
  int signed_times = 0;
  Readiness readiness({{.code = "store_not_working", .run = [&] { return store; }},
                       {.code = "signing_not_working", .run = [&] { return ++signed_times, signing; }}});
  EXPECT_EQ(readiness.answer().error().code, "starting");
  readiness.look();
  EXPECT_TRUE(readiness.answer());
  signing = fail(ErrorKind::corrupt, "corrupt", "the key is damaged");
  readiness.look();
  ASSERT_FALSE(readiness.answer());
  EXPECT_EQ(readiness.answer().error().code, "signing_not_working");
  EXPECT_EQ(readiness.answer().error().message, "the key is damaged");
  store = fail(ErrorKind::unavailable, "storage_failed", "no disk");
  readiness.look();
  EXPECT_EQ(readiness.answer().error().code, "store_not_working");
  EXPECT_EQ(signed_times, 2) << "nothing is tried on a store that does not work";
  store = signing = {};
  readiness.look();
  EXPECT_TRUE(readiness.answer());
}

}  // namespace
}  // namespace holdfast::app
