#include "holdfast/http/target.h"

#include <gtest/gtest.h>

#include "holdfast/http/headers.h"

namespace holdfast::http {
namespace {

std::string_view target_verdict(std::string_view raw) {
  const auto target = parse_target(raw);
  return target ? "ok" : target.error().code;
}

TEST(Target, KeepsTheExactBytesBesideTheDecodedOnes) {
  const auto target =
      parse_target("/bucket//a%2Fb/%C3%A9+%2B?list-type=2&prefix=a%20b+c&empty&=x&&k=1&k=2").value();
  EXPECT_EQ(target.raw_path, "/bucket//a%2Fb/%C3%A9+%2B");
  EXPECT_EQ(target.path, "/bucket//a/b/\u00e9++");
  EXPECT_EQ(target.raw_query, "list-type=2&prefix=a%20b+c&empty&=x&&k=1&k=2");
  EXPECT_EQ(target.query.find("prefix"), "a b c");
  EXPECT_EQ(target.query.find("empty"), "");
  EXPECT_EQ(target.query.find("absent"), std::nullopt);
  EXPECT_EQ(target.query.count("k"), 2U);
  EXPECT_EQ(target.query.repeated(), "k");
  EXPECT_EQ(parse_target("/")->query.repeated(), std::nullopt);
}

TEST(Target, DotsAreOnlyRefusedAsWholeSegments) {
  EXPECT_EQ(target_verdict("/.well-known/x"), "ok");
  EXPECT_EQ(target_verdict("/a..b/...?x=.."), "ok");
  for (const std::string_view bad : {"/..", "/a/..", "/a/./b", "/%2e", "/a/.%2E/b", "/a%2F.."}) {
    EXPECT_EQ(target_verdict(bad), "invalid_request") << bad;
  }
}

TEST(Target, PercentCoding) {
  EXPECT_EQ(percent_encode("a/b \u00e9~", "/"), "a/b%20%C3%A9~");
  EXPECT_EQ(percent_decode("%41%7a+"), "Az+");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  for (const std::string_view bad : {"%", "%4", "a%4", "%g1", "%1g", "%00", "%-1"}) {
    EXPECT_FALSE(percent_decode(bad)) << bad;
  }
}

TEST(Params, RefusesWhatIsNotText) {
  EXPECT_EQ(Params::parse("a=%ff").error().code, "invalid_utf8");
  EXPECT_EQ(Params::parse("a=\xff").error().code, "invalid_utf8");
  EXPECT_EQ(Params::parse(std::string_view("a=\0", 3)).error().code, "invalid_utf8");
  EXPECT_EQ(Params::parse("a=%0").error().code, "invalid_request");
  EXPECT_EQ(Params::parse("a=b=c")->find("a"), "b=c");
}

TEST(Headers, CompareNamesWithoutCase) {
  Headers headers{{"Accept", "a"}, {"accept", "b, C"}};
  EXPECT_EQ(headers.find("ACCEPT"), "a");
  EXPECT_EQ(headers.count("Accept"), 2U);
  EXPECT_TRUE(headers.has_token("accept", "c"));
  EXPECT_FALSE(headers.has_token("accept", "d"));
  headers.set("Accept", "z");
  EXPECT_EQ(headers.size(), 1U);
  headers.remove("aCCept");
  EXPECT_FALSE(headers.has("Accept"));
}

}  // namespace
}  // namespace holdfast::http
