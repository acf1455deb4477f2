#include "holdfast/base/control_characters.h"

#include <gtest/gtest.h>

#include <string>

namespace holdfast {
namespace {

std::string utf8_of(unsigned code_point) {
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  return {static_cast<char>(0xc0U | code_point >> 6U), static_cast<char>(0x80U | (code_point & 0x3fU))};
}

TEST(ControlCharacters, AreThoseOfUnicode) {
  for (unsigned code_point = 0; code_point < 0x800; ++code_point) {
    const bool control = code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
    const bool line_space = code_point == 9 || code_point == 10 || code_point == 13;
    const std::string text = "a" + utf8_of(code_point) + "z";
    EXPECT_EQ(has_control_character(text), control) << code_point;
    EXPECT_EQ(has_control_character(text, true), control && !line_space) << code_point;
  }
  EXPECT_FALSE(has_control_character(""));
  EXPECT_FALSE(has_control_character("\xe2\x82\x85 \xf0\x9f\x82\x85")) << "bytes of other characters";
}

TEST(ControlCharacters, PlainRunsEndBeforeControlCharacters) {
  for (std::size_t size = 0; size < 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int code = 0; code < 256; ++code) {
        std::string text(size, '\x20');
        text[at] = static_cast<char>(code);
        const bool is_control = code < 0x20 || code == 0x7f;
        ASSERT_EQ(plain_run(text), (is_control ? at : size) / 8 * 8) << size << " " << at << " " << code;
      }
    }
  }
  EXPECT_EQ(plain_run(std::string(8, '\x7e') + std::string(8, '\x80') + std::string(8, '\xff')), 24U);
}

}  // namespace
}  // namespace holdfast
