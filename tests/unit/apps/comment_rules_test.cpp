#include "holdfast/apps/comment_rules.h"

#include <gtest/gtest.h>

#include "holdfast/base/encoding.h"

namespace holdfast::apps {
namespace {

TEST(CommentRules, IdsAreUuidsInLowerCase) {
  EXPECT_EQ(parse_comment_id("0F8FAD5B-D9CB-469F-A165-70867728950E")->str(),
            "0f8fad5b-d9cb-469f-a165-70867728950e");
  for (const auto* bad : {"", "0f8fad5b-d9cb-469f-a165-70867728950", "0f8fad5bd9cb469fa16570867728950e",
                          "0f8fad5b-d9cb-469f-a165-70867728950g", "0f8fad5b-d9cb-469f-a165-70867728950e0",
                          "0f8fad5b-d9cb-469f-a165+70867728950e", "../../../../../../../../etc/passwd0123"}) {
    const auto result = parse_comment_id(bad);
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().code, "invalid_comment_id");
  }
}

TEST(CommentRules, PhotoIdsAreBoundedPlainText) {
  EXPECT_TRUE(check_photo_id("holiday/beach.jpg"));
  EXPECT_TRUE(check_photo_id(std::string(512, 'a')));
  for (const auto& bad : {std::string(), std::string(513, 'a'), std::string("a\nb"), std::string("a\x7f"),
                          std::string("a\0b", 3), std::string("\xff"), std::string("a\xc2\x85")}) {
    EXPECT_FALSE(check_photo_id(bad));
  }
}

TEST(CommentRules, MessagesAreBoundedText) {
  EXPECT_TRUE(check_message("lovely <b>light</b>\n\t\xf0\x9f\x8c\x85"));
  EXPECT_TRUE(check_message(std::string(8192, 'a')));
  EXPECT_EQ(check_message(std::string(8193, 'a')).error().code, "invalid_message");
  EXPECT_EQ(check_message(" \n\t ").error().code, "invalid_message");
  EXPECT_EQ(check_message("").error().code, "invalid_message");
  EXPECT_EQ(check_message(std::string_view("a\0b", 3)).error().code, "invalid_message");
  EXPECT_EQ(check_message("a\xc2\x85z").error().code, "invalid_message") << "U+0085, a C1 control";
  EXPECT_EQ(check_message("\xed\xa0\x80").error().code, "invalid_utf8");
}

TEST(CommentRules, CursorsComeBackAndNothingElseDoes) {
  const CommentCursor cursor{.created_at = from_micros(1'700'000'000'123'456),
                             .id = CommentId("0f8fad5b-d9cb-469f-a165-70867728950e")};
  const auto token = to_token(cursor);
  EXPECT_EQ(token, "AQAGCiQYICJAD4-tW9nLRp-hZXCGdyiVDg");
  EXPECT_EQ(parse_comment_cursor(token), cursor);
  for (const auto& bad :
       {std::string(), std::string("x"), token + "A", token.substr(0, 20), std::string(34, 'A')}) {
    EXPECT_EQ(parse_comment_cursor(bad).error().code, "invalid_next") << bad;
  }
}

}  // namespace
}  // namespace holdfast::apps
