#include "holdfast/identity/user_rules.h"

#include <gtest/gtest.h>

namespace holdfast::identity {
namespace {

Pool pool_with_attributes() {
  Pool pool;
  pool.id = PoolId("us-east-1_AbCdEfGhI");
  pool.required_attributes = {"email"};
  pool.custom_attributes = {{.name = "custom:team", .least = 2, .most = 4},
                            {.name = "custom:desk", .type = AttributeType::number, .least = 1, .most = 99},
                            {.name = "custom:remote", .type = AttributeType::boolean},
                            {.name = "custom:joined", .type = AttributeType::date, .is_mutable = false}};
  return pool;
}

TEST(UserRules, UsernamesAreNormalisedAndBounded) {
  EXPECT_EQ(check_username("Jose\u0301"), "Jos\u00e9");
  for (const std::string& bad :
       {std::string(), std::string(" ada"), std::string("ada\t"), std::string("a\x01z"),
        std::string(129, 'a'), std::string("1B4E28BA-2FA1-41D2-883F-0016D3CCA427")}) {
    EXPECT_EQ(check_username(bad).error().code, "invalid_username") << bad;
  }
  EXPECT_EQ(check_username("\xc0\xaf").error().code, "invalid_utf8");
}

TEST(UserRules, CaseCountsOnlyWhereThePoolSaysSo) {
  EXPECT_EQ(username_key("Stra\u00dfe", false), username_key("STRASSE", false));
  EXPECT_NE(username_key("Ada", true), username_key("ada", true));
}

TEST(UserRules, Uuids) {
  const UserId id = new_user_id(crypto::system_entropy());
  EXPECT_TRUE(is_uuid(id.str()));
  EXPECT_EQ(uuid_text(*uuid_bytes(id.str())), id.str());
  EXPECT_EQ(uuid_bytes(id.str())->size(), 16U);
  for (const char* bad : {"", "1b4e28ba-2fa1-41d2-883f-0016d3cca42", "1B4E28BA-2fa1-41d2-883f-0016d3cca427",
                          "1b4e28ba02fa1-41d2-883f-0016d3cca427", "gb4e28ba-2fa1-41d2-883f-0016d3cca427"}) {
    EXPECT_FALSE(is_uuid(bad)) << bad;
    EXPECT_EQ(uuid_bytes(bad).error().code, "not_found");
  }
}

TEST(UserRules, EmailAddresses) {
  for (const char* good : {"ada@example.com", "a.b+c@sub.example.org", "x@localhost"})
    EXPECT_TRUE(is_email(good)) << good;
  for (const std::string& bad :
       {std::string("ada"), std::string("@example.com"), std::string("ada@"), std::string("a b@example.com"),
        std::string("a@b@c"), std::string("ada@example..com"), std::string("ada@.com"),
        std::string("a@exa mple.com"), std::string("a\n@example.com"), std::string(65, 'a') + "@example.com",
        "a@" + std::string(260, 'b')}) {
    EXPECT_FALSE(is_email(bad)) << bad;
  }
}

TEST(UserRules, PhoneNumbersAreE164) {
  EXPECT_TRUE(is_e164("+15550100"));
  EXPECT_TRUE(is_e164("+123456789012345"));
  for (const char* bad :
       {"15550100", "+0155501", "+1", "+1234567890123456", "+1 555 0100", "+1555-0100", "", "+"}) {
    EXPECT_FALSE(is_e164(bad)) << bad;
  }
}

TEST(UserRules, DatesExist) {
  EXPECT_TRUE(is_date("2024-02-29"));
  for (const char* bad :
       {"2023-02-29", "2024-13-01", "2024-1-01", "24-01-01", "2024/01/01", "2024-01--1", "0000-01-01"}) {
    EXPECT_FALSE(is_date(bad)) << bad;
  }
}

TEST(UserRules, AttributesAreCheckedByTheirDefinition) {
  const Pool pool = pool_with_attributes();
  const auto refused = [&](std::string_view name, std::string_view value) {
    const auto checked = check_attribute(pool, name, value);
    return checked ? std::string_view() : checked.error().code;
  };
  EXPECT_EQ(refused("custom:team", "abc"), "");
  EXPECT_EQ(refused("custom:team", "a"), "invalid_attribute");
  EXPECT_EQ(refused("custom:team", "abcde"), "invalid_attribute");
  EXPECT_EQ(refused("custom:desk", "99"), "");
  EXPECT_EQ(refused("custom:desk", "100"), "invalid_attribute");
  EXPECT_EQ(refused("custom:desk", "1e1"), "invalid_attribute");
  EXPECT_EQ(refused("custom:remote", "yes"), "invalid_attribute");
  EXPECT_EQ(refused("custom:joined", "2024-02-30"), "invalid_attribute");
  EXPECT_EQ(refused("custom:unknown", "x"), "invalid_attribute");
  EXPECT_EQ(refused("sub", "x"), "invalid_attribute");
  EXPECT_EQ(refused("email", "nobody"), "invalid_attribute");
  EXPECT_EQ(refused("phone_number", "0155"), "invalid_attribute");
  EXPECT_EQ(refused("birthdate", "long ago"), "invalid_attribute");
  EXPECT_EQ(refused("email_verified", "1"), "invalid_attribute");
  EXPECT_EQ(refused("name", "Ada\nLovelace"), "invalid_attribute");
  EXPECT_EQ(refused("name", "Ada\xc2\x85Lovelace"), "invalid_attribute") << "U+0085, a C1 control";
  EXPECT_EQ(refused("address", "1 Main St\nSpringfield"), "");
  EXPECT_EQ(refused("name", std::string(2049, 'a')), "invalid_attribute");
  EXPECT_EQ(refused("name", "\xff"), "invalid_attribute");
}

TEST(UserRules, RequiredAttributesMustBeThere) {
  const Pool pool = pool_with_attributes();
  EXPECT_FALSE(check_new_attributes(pool, {{"name", "Ada"}}));
  EXPECT_TRUE(check_new_attributes(pool, {{"email", "ada@example.com"}}));
}

TEST(UserRules, NothingIsVerifiedThatIsNotThere) {
  Pool pool = pool_with_attributes();
  pool.required_attributes.clear();
  EXPECT_EQ(check_new_attributes(pool, {{"email_verified", "true"}}).error().code, "invalid_attribute");
  EXPECT_EQ(check_new_attributes(pool, {{"phone_number_verified", "true"}}).error().code,
            "invalid_attribute");
  EXPECT_TRUE(check_new_attributes(pool, {{"email_verified", "false"}}));
  EXPECT_TRUE(check_new_attributes(pool, {{"email", "a@example.com"}, {"email_verified", "true"}}));
  EXPECT_EQ(change_attributes(pool, {}, {{"email_verified", "true"}}).error().code, "invalid_attribute");
  const Attributes before = {{"email", "a@example.com"}};
  EXPECT_TRUE(change_attributes(pool, before, {{"email_verified", "true"}}));
  EXPECT_EQ(change_attributes(pool, before, {{"email", ""}, {"email_verified", "true"}}).error().code,
            "invalid_attribute");
  // Who was stored so before it was refused can still be changed.
  const auto mended = change_attributes(pool, {{"email_verified", "true"}}, {{"name", "Ada"}});
  ASSERT_TRUE(mended) << mended.error().describe();
  EXPECT_FALSE(mended->contains("email_verified"));
}

TEST(UserRules, ChangesAddReplaceAndRemove) {
  const Pool pool = pool_with_attributes();
  const Attributes before = {{"email", "a@example.com"}, {"name", "Ada"}, {"custom:joined", "2024-01-01"}};
  const auto after = change_attributes(pool, before, {{"name", ""}, {"nickname", "ada"}});
  ASSERT_TRUE(after);
  EXPECT_EQ(*after,
            (Attributes{{"email", "a@example.com"}, {"nickname", "ada"}, {"custom:joined", "2024-01-01"}}));
  EXPECT_EQ(change_attributes(pool, before, {{"custom:joined", "2025-01-01"}}).error().code,
            "immutable_attribute");
  EXPECT_EQ(change_attributes(pool, before, {{"custom:joined", ""}}).error().code, "immutable_attribute");
  EXPECT_EQ(change_attributes(pool, before, {{"email", ""}}).error().code, "invalid_attribute");
}

TEST(UserRules, ANewAddressIsNotVerifiedByTheOldOne) {
  const Pool pool = pool_with_attributes();
  const Attributes before = {{"email", "a@example.com"}, {"email_verified", "true"}};
  EXPECT_FALSE(change_attributes(pool, before, {{"email", "b@example.com"}})->contains("email_verified"));
  EXPECT_TRUE(change_attributes(pool, before, {{"email", "a@example.com"}})->contains("email_verified"));
  EXPECT_EQ(change_attributes(pool, before, {{"email", "b@example.com"}, {"email_verified", "true"}})
                ->at("email_verified"),
            "true");
}

TEST(UserRules, StatusesAreCognitos) {
  EXPECT_EQ(to_string(UserStatus::unconfirmed), "UNCONFIRMED");
  EXPECT_EQ(to_string(UserStatus::confirmed), "CONFIRMED");
  EXPECT_EQ(to_string(UserStatus::reset_required), "RESET_REQUIRED");
  EXPECT_EQ(to_string(UserStatus::force_change_password), "FORCE_CHANGE_PASSWORD");
  EXPECT_EQ(to_string(UserStatus::external_provider), "EXTERNAL_PROVIDER");
}

}  // namespace
}  // namespace holdfast::identity
