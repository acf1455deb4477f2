#include "holdfast/base/encoding.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

// RFC 4648 §10.
const std::pair<std::string, std::string> base64_vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

TEST(Base64, MatchesThePublishedVectorsBothWays) {
  for (const auto& [plain, encoded] : base64_vectors) {
    EXPECT_EQ(to_base64(plain), encoded);
    EXPECT_EQ(from_base64(encoded), plain);
  }
}

TEST(Base64, UrlFormHasNoPaddingAndOtherLetters) {
  EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
  EXPECT_EQ(from_base64url("-_8"), "\xfb\xff");
}

TEST(Base64, RefusesWhatHasASecondSpelling) {
  for (const char* text : {"Zg", "Zg=", "Zh==", "Z===", "Zg==\n", " Zg==", "Zm9v=", "====", "-_8="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
  for (const char* text : {"Zg==", "Zh", "Z", "Zm 9v", "+/8"}) EXPECT_FALSE(from_base64url(text)) << text;
}

TEST(Base64, RoundTripsEveryLengthAndRefusesAForeignCharacterAnywhere) {
  Bytes bytes;
  for (int size = 0; size < 50; ++size) {
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    const auto text = to_base64url(bytes);
    EXPECT_EQ(from_base64url(text), bytes);
    for (std::size_t at = 0; at < text.size(); ++at) {
      auto bad = text;
      bad[at] = "=+/\xff"[at % 4];
      EXPECT_FALSE(from_base64url(bad)) << bad;
    }
    bytes.push_back(static_cast<char>(size * 37));
  }
}

TEST(Hex, RoundTripsAndRefusesBadText) {
  EXPECT_EQ(to_hex(std::string("\x00\xab\xff", 3)), "00abff");
  EXPECT_EQ(from_hex("00ABff"), std::string("\x00\xab\xff", 3));
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
}

}  // namespace
}  // namespace holdfast
