#include "holdfast/base/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "holdfast/base/clock.h"
#include "holdfast/base/json.h"

namespace holdfast::log {
namespace {

std::string captured(Format format, Level minimum, const std::function<void()>& act) {
  configure(format, minimum);
  testing::internal::CaptureStderr();
  act();
  configure(Format::text, Level::info);
  return testing::internal::GetCapturedStderr();
}

TEST(Log, ALineCannotBeForgedByAValue) {
  for (const Format format : {Format::text, Format::json}) {
    const auto text = captured(format, Level::info, [] { info("hello", {{"name", "a\r\nb\"c\x7f"}}); });
    EXPECT_EQ(std::ranges::count(text, '\n'), 1) << text;
    EXPECT_NE(text.find(R"(a\u000d\u000ab\"c\u007f)"), std::string::npos) << text;
  }
}

TEST(Log, NoControlCharacterReachesTheTerminal) {
  for (const Format format : {Format::text, Format::json}) {
    // U+009B begins a terminal's command as ESC [ does; U+00A0 and what only contains such bytes stay.
    const auto text =
        captured(format, Level::info, [] { info("a\u009b2Jz", {{"name", "\u0085\u00a0\u2085"}}); });
    EXPECT_NE(text.find(R"(a\u009b2Jz)"), std::string::npos) << text;
    EXPECT_NE(text.find("\\u0085\u00a0\u2085"), std::string::npos) << text;
  }
}

TEST(Log, NumbersStayNumbersInJson) {
  const auto text = captured(Format::json, Level::info, [] { warn("w", {{"count", 3}, {"name", "3"}}); });
  EXPECT_NE(text.find(R"("level":"warn","message":"w","count":3,"name":"3"})"), std::string::npos) << text;
}

TEST(Log, AJsonLineIsStrictJsonWhateverTheValues) {
  const auto line = captured(Format::json, Level::info, [] {
    info("odd \xff values", {{"bytes", "\xc3\x28 \xe2\x82"},
                             {"good", "gr\xc3\xbc\xc3\x9f"},
                             {"nan", std::numeric_limits<double>::quiet_NaN()},
                             {"half", 0.5},
                             {"control", std::string("\0\x1b[31m", 6)}});
  });
  const auto json = parse_json(line.substr(0, line.size() - 1));
  ASSERT_TRUE(json) << line;
  EXPECT_EQ(json->at("message"), "odd \xef\xbf\xbd values");
  EXPECT_EQ(json->at("good"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(json->at("half"), 0.5);
  EXPECT_EQ(json->at("nan"), "nan");
  EXPECT_EQ(json->at("control"), std::string("\0\x1b[31m", 6));
  EXPECT_TRUE(from_rfc3339(json->at("time").get<std::string>()));
}

TEST(Log, ALineOfARequestSaysWhich) {
  const auto line = [](Format format, For whose) {
    return captured(format, Level::info, [whose] { warn(whose, "w", {{"count", 3}}); });
  };
  EXPECT_TRUE(line(Format::json, For{"r-\"1"})
                  .ends_with(R"("message":"w","count":3,"requestId":"r-\"1"})"
                             "\n"));
  EXPECT_TRUE(line(Format::text, For{"r-1"}).ends_with("warn w count=3 requestId=\"r-1\"\n"));
  EXPECT_TRUE(line(Format::json, own_work)
                  .ends_with(R"("message":"w","count":3})"
                             "\n"));
  EXPECT_TRUE(line(Format::text, For{""}).ends_with("warn w count=3\n"));
}

TEST(Log, LinesBelowTheMinimumAreDropped) {
  EXPECT_EQ(captured(Format::text, Level::warn, [] { info("quiet"); }), "");
}

}  // namespace
}  // namespace holdfast::log
