#include "holdfast/objects/object_rules.h"

#include <gtest/gtest.h>

#include "holdfast/base/encoding.h"

namespace holdfast::objects {
namespace {

TEST(ObjectRules, BucketNamesAreWhatS3Allows) {
  for (const auto& good :
       {std::string("abc"), std::string("photos.2024-a"), std::string(63, 'a'), std::string("1.2.3")}) {
    EXPECT_TRUE(check_bucket_name(good)) << good;
  }
  for (const auto& bad : {std::string(), std::string("ab"), std::string(64, 'a'), std::string("Abc"),
                          std::string("a_b"), std::string("-abc"), std::string("abc."), std::string("a..b"),
                          std::string("10.0.0.1"), std::string("a/b")}) {
    const auto result = check_bucket_name(bad);
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().code, "invalid_bucket_name");
  }
}

TEST(ObjectRules, KeysCanBeWrittenInXml) {
  EXPECT_TRUE(check_object_key("photos/2024/b\xc3\xa9 & <x>.jpg"));
  EXPECT_TRUE(check_object_key(".."));
  EXPECT_TRUE(check_object_key(std::string(1024, 'k')));
  EXPECT_EQ(check_object_key(std::string(1025, 'k')).error().code, "key_too_long");
  for (const auto& bad :
       {std::string(), std::string("a\0b", 3), std::string("a\nb"), std::string("\x7f"), std::string("\xff"),
        std::string("a\xef\xbf\xbe"), std::string("\xef\xbf\xbfz"), std::string("\xc0\xaf")}) {
    EXPECT_EQ(check_object_key(bad).error().code, "invalid_key");
  }
}

TEST(ObjectRules, MetadataStaysWithinTwoKibibytes) {
  EXPECT_TRUE(check_user_metadata({}));
  EXPECT_TRUE(check_user_metadata({{"camera", "X-100 \xc3\xa9"}, {"empty", ""}}));
  EXPECT_TRUE(check_user_metadata({{"n", std::string(2047, 'v')}}));
  EXPECT_EQ(check_user_metadata({{"n", std::string(2048, 'v')}}).error().code, "metadata_too_large");
  for (const auto& bad : {UserMetadata{{"", "v"}}, UserMetadata{{"Upper", "v"}}, UserMetadata{{"a b", "v"}},
                          UserMetadata{{"a", "x\r\ny"}}, UserMetadata{{"a", "1"}, {"a", "2"}}}) {
    EXPECT_EQ(check_user_metadata(bad).error().code, "invalid_metadata");
  }
}

TEST(ObjectRules, ContentTypesArePrintable) {
  EXPECT_TRUE(check_content_type("text/plain; charset=utf-8"));
  EXPECT_FALSE(check_content_type("text/\tplain"));
  EXPECT_FALSE(check_content_type("text/pl\xc3\xa4in"));
  EXPECT_FALSE(check_content_type(std::string(257, 'a')));
}

TEST(ObjectRules, TheEtagIsTheQuotedMd5) {
  EXPECT_EQ(etag_of({.md5 = *from_hex("d41d8cd98f00b204e9800998ecf8427e")}),
            "\"d41d8cd98f00b204e9800998ecf8427e\"");
}

TEST(ObjectRules, OnlyOwnerOrAdministratorReplaces) {
  const Object object{.owner = "u1"};
  EXPECT_TRUE(check_may_replace(object, {.subject = "u1"}));
  EXPECT_TRUE(check_may_replace(object, {.subject = "u2", .administrator = true}));
  const auto refused = check_may_replace(object, {.subject = "u2"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::forbidden);
  EXPECT_FALSE(check_may_replace(Object{}, Caller{}));
}

TEST(ObjectRules, OnlyPicturesAndMediaAreShownInPlace) {
  for (const auto* shown : {"image/jpeg", "IMAGE/PNG", "image/webp; q=1", "video/mp4", "audio/ogg"}) {
    EXPECT_TRUE(is_shown_in_place(shown)) << shown;
  }
  for (const auto* attached : {"image/svg+xml", "text/html", "application/pdf", "", "image/jpegx", "image/",
                               "image/png;a, text/html", "audio/x, text/html", "image/png,text/html"}) {
    EXPECT_FALSE(is_shown_in_place(attached)) << attached;
  }
}

}  // namespace
}  // namespace holdfast::objects
