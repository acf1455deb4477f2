#include "holdfast/base/clock.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

TEST(Rfc3339, RoundTripsToTheMillisecond) {
  const auto time = from_rfc3339("2026-11-21T09:30:00.123Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(to_rfc3339(*time), "2026-11-21T09:30:00.123Z");
  EXPECT_EQ(to_seconds(*time), 1795253400);
}

TEST(Rfc3339, AcceptsLeapDaysAndNoFraction) {
  EXPECT_TRUE(from_rfc3339("2024-02-29T00:00:00Z"));
  EXPECT_FALSE(from_rfc3339("2023-02-29T00:00:00Z"));
}

TEST(Rfc3339, RefusesOtherShapes) {
  for (const char* text : {"", "2026-11-21", "2026-11-21T09:30:00", "2026-11-21T09:30:00+00:00",
                           "2026-13-01T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T09:30:00.Z",
                           "2026-11-21T09:30:00.1234567Z", "2026-11-21T09:30:00ZZ", "-026-11-21T09:30:00Z"}) {
    EXPECT_FALSE(from_rfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace holdfast
