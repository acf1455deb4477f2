#include "holdfast/base/result.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorKind::invalid, "odd", "the number is odd", "detail");
  return number / 2;
}

Result<int> quarter(int number) {
  TRY(const int halved, half(number));
  return half(halved);
}

TEST(Result, TryPassesValuesAndErrors) {
  EXPECT_EQ(quarter(8), 2);
  ASSERT_FALSE(quarter(6));
  EXPECT_EQ(quarter(6).error().describe(), "invalid/odd: the number is odd (detail)");
}

}  // namespace
}  // namespace holdfast
