#include "holdfast/objects/conditional_rules.h"

#include <gtest/gtest.h>

namespace holdfast::objects {
namespace {

// RFC 9110 §5.6.7: the three forms of one moment.
constexpr auto* imf = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr WallTime rfc_moment = from_micros(784'111'777'000'000);
constexpr WallTime conditional_now = from_micros(1'700'000'000'000'000);

const Validators current{.etag = "\"abc\"", .modified_at = rfc_moment + std::chrono::milliseconds(700)};

TEST(HttpDates, TheThreeFormsOfRfc9110AreOneMoment) {
  EXPECT_EQ(from_http_date(imf, conditional_now), rfc_moment);
  EXPECT_EQ(from_http_date("Sunday, 06-Nov-94 08:49:37 GMT", conditional_now), rfc_moment);
  EXPECT_EQ(from_http_date("Sun Nov  6 08:49:37 1994", conditional_now), rfc_moment);
  EXPECT_EQ(to_http_date(rfc_moment + std::chrono::milliseconds(999)), imf);
  EXPECT_EQ(to_http_date(WallTime{}), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(HttpDates, NothingElseIsADate) {
  for (const auto* bad :
       {"", "yesterday", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ", "1994-11-06T08:49:37Z",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT"}) {
    EXPECT_EQ(from_http_date(bad, conditional_now), std::nullopt) << bad;
  }
}

TEST(Conditions, ReadsFollowThePrecedenceOfRfc9110) {
  using enum ReadVerdict;
  const auto judge = [](Conditions conditions) { return judge_read(conditions, current, conditional_now); };
  EXPECT_EQ(judge({}), send);
  EXPECT_EQ(judge({.if_match = "\"abc\""}), send);
  EXPECT_EQ(judge({.if_match = "*"}), send);
  EXPECT_EQ(judge({.if_match = "\"x\", \"abc\""}), send);
  EXPECT_EQ(judge({.if_match = "W/\"abc\""}), precondition_failed);
  EXPECT_EQ(judge({.if_match = "\"x\""}), precondition_failed);
  EXPECT_EQ(judge({.if_match = ""}), precondition_failed);
  EXPECT_EQ(judge({.if_none_match = "\"abc\""}), not_modified);
  EXPECT_EQ(judge({.if_none_match = "abc"}), not_modified);
  EXPECT_EQ(judge({.if_none_match = "\"x\" , W/\"abc\""}), not_modified);
  EXPECT_EQ(judge({.if_none_match = "*"}), not_modified);
  EXPECT_EQ(judge({.if_none_match = "\"x\""}), send);
  EXPECT_EQ(judge({.if_none_match = "\"unterminated"}), send);
  EXPECT_EQ(judge({.if_modified_since = imf}), not_modified);
  EXPECT_EQ(judge({.if_modified_since = "Sun, 06 Nov 1994 08:49:36 GMT"}), send);
  EXPECT_EQ(judge({.if_modified_since = "Sun, 06 Nov 2094 08:49:36 GMT"}), send);
  EXPECT_EQ(judge({.if_modified_since = "rubbish"}), send);
  EXPECT_EQ(judge({.if_unmodified_since = imf}), send);
  EXPECT_EQ(judge({.if_unmodified_since = "Sun, 06 Nov 1994 08:49:36 GMT"}), precondition_failed);
  // Entity tags beat dates.
  EXPECT_EQ(judge({.if_none_match = "\"x\"", .if_modified_since = imf}), send);
  EXPECT_EQ(judge({.if_match = "\"abc\"", .if_unmodified_since = "Sun, 06 Nov 1994 08:49:36 GMT"}), send);
  // A failed If-Match is told before a matching If-None-Match.
  EXPECT_EQ(judge({.if_match = "\"x\"", .if_none_match = "\"abc\""}), precondition_failed);
}

TEST(Conditions, WritesCanInsistOnAbsenceOrOnAVersion) {
  const auto holds = [](Conditions conditions, bool exists) {
    const auto result =
        judge_write(conditions, exists ? std::optional(current) : std::nullopt, conditional_now);
    if (!result) {
      EXPECT_EQ(result.error().code, "precondition_failed");
    }
    return result.has_value();
  };
  EXPECT_TRUE(holds({}, false));
  EXPECT_TRUE(holds({}, true));
  EXPECT_TRUE(holds({.if_none_match = "*"}, false));
  EXPECT_FALSE(holds({.if_none_match = "*"}, true));
  EXPECT_FALSE(holds({.if_none_match = "\"abc\""}, true));
  EXPECT_FALSE(holds({.if_match = "*"}, false));
  EXPECT_TRUE(holds({.if_match = "*"}, true));
  EXPECT_TRUE(holds({.if_match = "\"abc\""}, true));
  EXPECT_FALSE(holds({.if_match = "\"old\""}, true));
  EXPECT_FALSE(holds({.if_unmodified_since = "Sun, 06 Nov 1994 08:49:36 GMT"}, true));
}

std::optional<ByteRange> chosen(std::string range, std::uint64_t size) {
  const auto result = choose_range({.range = std::move(range)}, current, size);
  EXPECT_TRUE(result);
  return result.value_or(std::nullopt);
}

TEST(Ranges, SingleRangesOfRfc9110) {
  // RFC 9110 §14.1.2: examples for a representation of 10000 bytes.
  EXPECT_EQ(chosen("bytes=0-499", 10'000), (ByteRange{0, 499}));
  EXPECT_EQ(chosen("bytes=500-999", 10'000), (ByteRange{500, 999}));
  EXPECT_EQ(chosen("bytes=-500", 10'000), (ByteRange{9'500, 9'999}));
  EXPECT_EQ(chosen("bytes=9500-", 10'000), (ByteRange{9'500, 9'999}));
  EXPECT_EQ(chosen("bytes=0-0", 10'000), (ByteRange{0, 0}));
  EXPECT_EQ(chosen("BYTES=9999-20000", 10'000), (ByteRange{9'999, 9'999}));
  EXPECT_EQ(chosen("bytes=-20000", 10'000), (ByteRange{0, 9'999}));
  EXPECT_EQ(chosen("bytes=5-99999999999999999999999999", 10), (ByteRange{5, 9}));
}

TEST(Ranges, WhatMayBeIgnoredIsIgnored) {
  for (const auto* ignored : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0-1,5-6",
                              "items=0-1", "bytes=1", "bytes=0x1-2", "bytes=1-2-3", "bytes=+1-2"}) {
    EXPECT_EQ(chosen(ignored, 10'000), std::nullopt) << ignored;
  }
}

TEST(Ranges, UnsatisfiableOnesAreRefused) {
  for (const auto& [range, size] : {std::pair{"bytes=10-", 10},
                                    {"bytes=10-20", 10},
                                    {"bytes=-0", 10},
                                    {"bytes=0-", 0},
                                    {"bytes=-5", 0},
                                    {"bytes=99999999999999999999999-", 10}}) {
    const auto result = choose_range({.range = range}, current, static_cast<std::uint64_t>(size));
    ASSERT_FALSE(result) << range;
    EXPECT_EQ(result.error().code, "invalid_range");
  }
}

TEST(Ranges, IfRangeProtectsFromMixingVersions) {
  const auto with = [](std::string if_range) {
    return choose_range({.if_range = std::move(if_range), .range = "bytes=0-1"}, current, 10)->has_value();
  };
  EXPECT_TRUE(with("\"abc\""));
  EXPECT_FALSE(with("\"old\""));
  EXPECT_FALSE(with("W/\"abc\""));
  EXPECT_TRUE(with(imf));
  EXPECT_FALSE(with("Sun, 06 Nov 1994 08:49:38 GMT"));
  EXPECT_FALSE(with("rubbish"));
}

}  // namespace
}  // namespace holdfast::objects
