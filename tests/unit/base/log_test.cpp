#include "holdfast/base/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

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

TEST(Log, NumbersStayNumbersInJson) {
  const auto text = captured(Format::json, Level::info, [] { warn("w", {{"count", 3}, {"name", "3"}}); });
  EXPECT_NE(text.find(R"("level":"warn","message":"w","count":3,"name":"3"})"), std::string::npos) << text;
}

TEST(Log, LinesBelowTheMinimumAreDropped) {
  EXPECT_EQ(captured(Format::text, Level::warn, [] { info("quiet"); }), "");
}

}  // namespace
}  // namespace holdfast::log
