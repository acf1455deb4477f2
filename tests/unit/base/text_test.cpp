#include "holdfast/base/text.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

TEST(Utf8, RefusesOverlongSurrogateAndTruncated) {
  EXPECT_TRUE(is_utf8("h\u00e9llo \U0001F511"));
  for (const char* bad : {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "\xff"}) {
    EXPECT_FALSE(is_utf8(bad));
    EXPECT_FALSE(to_nfc(bad));
  }
}

TEST(Unicode, ComposedAndDecomposedAreOne) {
  EXPECT_EQ(to_nfc("e\u0301"), "\u00e9");
  EXPECT_EQ(to_folded("STRASSE"), to_folded("stra\u00dfe"));
}

TEST(Utf8, LooksAtEveryByte) {
  for (std::size_t at = 0; at < 70; ++at) {
    std::string text(70, 'a');
    EXPECT_TRUE(is_utf8(text));
    text[at] = '\x80';
    EXPECT_FALSE(is_utf8(text)) << at;
  }
}

TEST(Ascii, TrimLowerCompare) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim("  "), "");
  EXPECT_EQ(to_lower_ascii("ABc\u00c9"), "abc\u00c9");
  EXPECT_TRUE(equals_ignoring_ascii_case("Content-Type", "content-type"));
  EXPECT_FALSE(equals_ignoring_ascii_case("Content-Type", "content-typ"));
}

}  // namespace
}  // namespace holdfast
