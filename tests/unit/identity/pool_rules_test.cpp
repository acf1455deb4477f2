#include "holdfast/identity/pool_rules.h"

#include <gtest/gtest.h>

#include <set>

#include "holdfast/identity/user_rules.h"

namespace holdfast::identity {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Pool good_pool() {
  Pool pool;
  pool.id = PoolId("us-east-1_AbCdEfGhI");
  pool.name = "customers";
  return pool;
}

std::string_view pool_refusal(const Pool& pool) {
  const auto checked = check_pool(pool);
  return checked ? "accepted" : checked.error().code;
}

TEST(PoolRules, DefaultsAreAccepted) { EXPECT_TRUE(check_pool(good_pool())); }

TEST(PoolRules, NewIdsNameTheirRegionAndAreRecognised) {
  std::set<PoolId> ids;
  for (int i = 0; i < 50; ++i) {
    const PoolId id = new_pool_id(RegionName("us-east-1"), crypto::system_entropy());
    EXPECT_TRUE(id.str().starts_with("us-east-1_"));
    EXPECT_TRUE(is_pool_id(id.str())) << id.str();
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 50U);
  for (const char* bad : {"", "us-east-1", "_AbCdEfGhI", "us-east-1_", "us-east-1_AbCdEfGh",
                          "us-east-1_AbCdEfGhIJ", "us east_AbCdEfGhI", "us-east-1_AbC.EfGhI", "health"}) {
    EXPECT_FALSE(is_pool_id(bad)) << bad;
  }
}

TEST(PoolRules, NamesAreBoundedAndPrintable) {
  Pool pool = good_pool();
  for (const std::string& bad :
       {std::string(), std::string(129, 'a'), std::string("a\nb"), std::string("\xff")}) {
    pool.name = bad;
    EXPECT_EQ(pool_refusal(pool), "invalid_pool");
  }
}

TEST(PoolRules, LifetimesHaveBoundsOnBothSides) {
  const auto refused = [](auto change) {
    Lifetimes lifetimes;
    change(lifetimes);
    return !check_lifetimes(lifetimes);
  };
  EXPECT_FALSE(refused([](Lifetimes& l) { l.access = minutes(5); }));
  EXPECT_TRUE(refused([](Lifetimes& l) { l.access = minutes(5) - seconds(1); }));
  EXPECT_TRUE(refused([](Lifetimes& l) { l.access = days(1) + seconds(1); }));
  EXPECT_TRUE(refused([](Lifetimes& l) { l.id = days(1) + seconds(1); }));
  EXPECT_FALSE(refused([](Lifetimes& l) { l.refresh = days(3650); }));
  EXPECT_TRUE(refused([](Lifetimes& l) { l.refresh = days(3650) + seconds(1); }));
  EXPECT_TRUE(refused([](Lifetimes& l) { l.refresh = hours(1) - seconds(1); }));
  EXPECT_TRUE(refused([](Lifetimes& l) { l.refresh = hours(1), l.access = hours(2); }));
  EXPECT_TRUE(refused([](Lifetimes& l) { l.challenge = minutes(2); }));
}

TEST(PoolRules, CustomAttributesAreNamedTypedAndBounded) {
  Pool pool = good_pool();
  pool.custom_attributes = {{.name = "custom:team", .least = 1, .most = 10}};
  EXPECT_EQ(pool_refusal(pool), "accepted");
  for (const char* bad : {"team", "custom:", "custom:a b", "custom:abcdefghijklmnopqrstu"}) {
    pool.custom_attributes = {{.name = bad}};
    EXPECT_EQ(pool_refusal(pool), "invalid_pool") << bad;
  }
  pool.custom_attributes = {{.name = "custom:a"}, {.name = "custom:a"}};
  EXPECT_EQ(pool_refusal(pool), "invalid_pool");
  pool.custom_attributes = {{.name = "custom:a", .least = 5, .most = 4}};
  EXPECT_EQ(pool_refusal(pool), "invalid_pool");
  pool.custom_attributes = {{.name = "custom:a", .type = AttributeType::date, .least = 5}};
  EXPECT_EQ(pool_refusal(pool), "invalid_pool");
  pool.custom_attributes.assign(51, {});
  EXPECT_EQ(pool_refusal(pool), "invalid_pool");
}

TEST(PoolRules, RequiredAttributesAreStandardOnes) {
  Pool pool = good_pool();
  pool.required_attributes = {"email"};
  EXPECT_EQ(pool_refusal(pool), "accepted");
  for (const char* bad : {"custom:team", "email_verified", "sub", "shoe_size"}) {
    pool.required_attributes = {bad};
    EXPECT_EQ(pool_refusal(pool), "invalid_pool") << bad;
  }
}

TEST(PoolRules, SomeThingsNeverChange) {
  Pool before = good_pool();
  before.custom_attributes = {{.name = "custom:team"}};
  Pool after = before;
  after.custom_attributes.push_back({.name = "custom:desk", .type = AttributeType::number});
  after.algorithm = SigningAlgorithm::es256;
  EXPECT_TRUE(check_pool_change(before, after));
  after.custom_attributes[0].type = AttributeType::number;
  EXPECT_EQ(check_pool_change(before, after).error().code, "immutable_field");
  after.custom_attributes.clear();
  EXPECT_EQ(check_pool_change(before, after).error().code, "immutable_field");
  after = before;
  after.usernames_are_case_sensitive = true;
  EXPECT_EQ(check_pool_change(before, after).error().code, "immutable_field");
}

TEST(PasswordRules, TheDefaultWantsEightWithAllFourClasses) {
  const PasswordPolicy policy;
  EXPECT_TRUE(check_password(policy, "Abcdef1!"));
  for (const char* bad : {"Abcde1!", "abcdef1!", "ABCDEF1!", "Abcdefg!", "Abcdefg1", ""}) {
    const auto checked = check_password(policy, bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().code, "invalid_password");
  }
}

TEST(PasswordRules, ASpaceIsASymbolOnlyInside) {
  const PasswordPolicy policy;
  EXPECT_TRUE(check_password(policy, "Abc def12"));
  EXPECT_FALSE(check_password(policy, "Abcdef12 "));
  EXPECT_FALSE(check_password(policy, " Abcdef12"));
}

TEST(PasswordRules, LengthCountsCharactersNotBytes) {
  PasswordPolicy policy{.minimum_length = 8,
                        .needs_lower = false,
                        .needs_upper = false,
                        .needs_digit = false,
                        .needs_symbol = false};
  EXPECT_FALSE(check_password(policy, "ééééééé"));  // 7 characters, 14 bytes
  EXPECT_TRUE(check_password(policy, "éééééééé"));
}

TEST(PasswordRules, OverlongControlAndBrokenTextAreRefused) {
  const PasswordPolicy policy;
  EXPECT_TRUE(check_password(policy, "Ab1!" + std::string(252, 'x')));
  EXPECT_FALSE(check_password(policy, "Ab1!" + std::string(253, 'x')));
  EXPECT_FALSE(check_password(policy, "Abcdef1!\n"));
  EXPECT_EQ(check_password(policy, "Abcdef1!\xff").error().code, "invalid_utf8");
}

TEST(PasswordRules, ComposedAndDecomposedInputAgree) {
  EXPECT_EQ(normalize_password("Caf\u00e9"), normalize_password("Cafe\u0301"));
}

TEST(PasswordRules, GeneratedOnesSatisfyEveryPolicy) {
  PasswordPolicy strict;
  strict.minimum_length = 40;
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(check_password({}, new_temporary_password({}, crypto::system_entropy())));
    EXPECT_TRUE(check_password(strict, new_temporary_password(strict, crypto::system_entropy())));
  }
}

TEST(PoolRules, AttributeTypesHaveTheirNames) {
  for (const AttributeType type :
       {AttributeType::string, AttributeType::number, AttributeType::boolean, AttributeType::date}) {
    EXPECT_EQ(parse_attribute_type(to_string(type)), type);
  }
  EXPECT_EQ(to_string(AttributeType::date), "date");
  EXPECT_FALSE(parse_attribute_type("String"));
}

}  // namespace
}  // namespace holdfast::identity
