#include "heap_trim.h"

#include <gtest/gtest.h>

namespace holdfast::app {
namespace {

TEST(HeapTrim, IsDueOnceWhenACrowdHasGone) {
  HeapTrim trim;
  EXPECT_FALSE(trim.is_due(0));
  EXPECT_FALSE(trim.is_due(1000));
  EXPECT_FALSE(trim.is_due(1000 - HeapTrim::worth + 1));
  EXPECT_TRUE(trim.is_due(1000 - HeapTrim::worth));
  EXPECT_FALSE(trim.is_due(1000 - HeapTrim::worth));
  EXPECT_TRUE(trim.is_due(0)) << "and again as it goes on";
  EXPECT_FALSE(trim.is_due(0));
}

}  // namespace
}  // namespace holdfast::app
