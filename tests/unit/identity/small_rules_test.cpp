#include <gtest/gtest.h>

#include "holdfast/base/encoding.h"
#include "holdfast/identity/group_rules.h"
#include "holdfast/identity/lockout_rules.h"
#include "holdfast/identity/operator_rules.h"
#include "holdfast/identity/session_rules.h"

namespace holdfast::identity {
namespace {

using std::chrono::days;
using std::chrono::seconds;
constexpr WallTime noon{std::chrono::hours(12)};

TEST(GroupRules, NamesAreOneWord) {
  Group group;
  group.name = "admin";
  EXPECT_TRUE(check_group(group));
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string(129, 'a'), std::string("a\n")}) {
    group.name = bad;
    EXPECT_EQ(check_group(group).error().code, "invalid_group");
  }
  group.name = "admin";
  group.description = std::string(2049, 'd');
  EXPECT_EQ(check_group(group).error().code, "invalid_group");
}

TEST(GroupRules, OrderIsPrecedenceThenName) {
  std::vector<Group> groups(4);
  groups[0].name = "zeta";
  groups[1].name = "last";
  groups[1].precedence = 0xffffffff;
  groups[2].name = "first";
  groups[2].precedence = 0;
  groups[3].name = "alpha";
  sort_groups(groups);
  EXPECT_EQ(groups[0].name, "first");
  EXPECT_EQ(groups[1].name, "last");
  EXPECT_EQ(groups[2].name, "alpha");
  EXPECT_EQ(groups[3].name, "zeta");
}

Operator good_operator() { return {.name = "Ada", .email = "ada@example.com", .phone = "+15550100"}; }

TEST(OperatorRules, NameMailAndPhoneAreChecked) {
  EXPECT_TRUE(check_operator(good_operator()));
  Operator person = good_operator();
  person.name = "";
  EXPECT_EQ(check_operator(person).error().code, "invalid_operator");
  person = good_operator();
  person.email = "ada";
  EXPECT_EQ(check_operator(person).error().code, "invalid_operator");
  person = good_operator();
  person.phone = "5550100";
  EXPECT_EQ(check_operator(person).error().code, "invalid_operator");
}

TEST(OperatorRules, TokensAreRandomRecognisableAndStoredAsHashes) {
  const Secret token = new_admin_token(crypto::system_entropy());
  EXPECT_TRUE(token.expose().starts_with("hfa_"));
  EXPECT_EQ(token.expose().size(), 4U + 43U);
  EXPECT_NE(token.expose(), new_admin_token(crypto::system_entropy()).expose());
  EXPECT_EQ(to_hex(admin_token_hash("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(OperatorRules, TokensHaveKnownScopesAndAnEnd) {
  AdminToken token{.name = "ci", .scopes = {"read"}, .created_at = noon, .expires_at = noon + days(1)};
  EXPECT_TRUE(check_admin_token(token));
  token.scopes = {};
  EXPECT_FALSE(check_admin_token(token));
  token.scopes = {"root"};
  EXPECT_FALSE(check_admin_token(token));
  token.scopes = {"admin"};
  token.expires_at = noon;
  EXPECT_FALSE(check_admin_token(token));
  token.expires_at = noon + days(367);
  EXPECT_FALSE(check_admin_token(token));
}

TEST(OperatorRules, AdminIncludesAllAndNothingElseDoes) {
  const auto may = [](std::string scope, std::string_view needed) {
    return admits(OperatorPrincipal{.scopes = {std::move(scope)}}, needed);
  };
  EXPECT_TRUE(may("admin", "metrics"));
  EXPECT_TRUE(may("admin", "admin"));
  EXPECT_FALSE(may("read", "admin"));
  EXPECT_FALSE(may("read", "state"));
  EXPECT_FALSE(may("metrics", "read"));
  EXPECT_TRUE(may("state", "read"));
  EXPECT_FALSE(may("state", "admin"));
}

TEST(LockoutRules, WaitsDoubleFromTheFifthFailureToAQuarterOfAnHour) {
  EXPECT_EQ(lockout_wait(0), seconds(0));
  EXPECT_EQ(lockout_wait(4), seconds(0));
  EXPECT_EQ(lockout_wait(5), seconds(1));
  EXPECT_EQ(lockout_wait(6), seconds(2));
  EXPECT_EQ(lockout_wait(14), seconds(512));
  EXPECT_EQ(lockout_wait(15), seconds(900));
  EXPECT_EQ(lockout_wait(4'000'000'000), seconds(900));
}

TEST(LockoutRules, RegionsAddUpAndAnUnlockBeatsOlderCounts) {
  const FailureCount here{.failures = 3, .last_failure = noon, .epoch = 2};
  const FailureCount there{.failures = 4, .last_failure = noon + seconds(5), .epoch = 2};
  const FailureCount before_unlock{.failures = 50, .last_failure = noon + days(1), .epoch = 1};
  const FailureCount total = total_failures(std::vector{here, there, before_unlock}, 2, noon);
  EXPECT_EQ(total.failures, 7U);
  EXPECT_EQ(locked_until(total), noon + seconds(5) + seconds(4));
  EXPECT_EQ(total_failures(std::vector{here, there}, 3, noon).failures, 0U);
  const FailureCount huge{.failures = 0xffffffff, .last_failure = noon, .epoch = 0};
  EXPECT_EQ(total_failures(std::vector{huge, huge}, 0, noon).failures, 0xffffffffU);
}

TEST(LockoutRules, ACountIsVoidADayAfterItsLastFailure) {
  const FailureCount old{.failures = 4, .last_failure = noon - days(1), .epoch = 0};
  const FailureCount here{.failures = 1, .last_failure = noon, .epoch = 0};
  EXPECT_EQ(total_failures(std::vector{old, here}, 0, noon).failures, 5U);
  EXPECT_EQ(total_failures(std::vector{old, here}, 0, noon + seconds(1)).failures, 1U);
}

TEST(LockoutRules, ATimeFarAheadLocksNobodyButItsFailuresCount) {
  const FailureCount ahead{.failures = 4, .last_failure = noon + days(1), .epoch = 0};
  const FailureCount here{.failures = 1, .last_failure = noon, .epoch = 0};
  const FailureCount total = total_failures(std::vector{ahead, here}, 0, noon);
  EXPECT_EQ(total.failures, 5U);
  EXPECT_EQ(locked_until(total), noon + seconds(1));
}

TEST(LockoutRules, ACountIsVoidWhereItsTimeIsMoreThanADayAhead) {
  const FailureCount ahead{.failures = 4, .last_failure = noon + days(1) + seconds(1), .epoch = 0};
  EXPECT_EQ(total_failures(std::vector{ahead}, 0, noon).failures, 0U);
}

const RegionName east("us-east-1");
const RegionName west("eu-west-1");

TEST(SessionRules, AChildTakesItsParentsPlace) {
  const Rotation first = rotate(Session{}, 1, east, east, noon);
  EXPECT_EQ(first.generation, 2U);
  EXPECT_EQ(judge_refresh(&first.session, 2, east, noon, seconds(0)), RefreshVerdict::current);
  EXPECT_EQ(judge_refresh(&first.session, 3, east, noon, seconds(0)), RefreshVerdict::current);
  EXPECT_EQ(judge_refresh(&first.session, 1, east, noon + seconds(60), seconds(60)),
            RefreshVerdict::within_grace);
  EXPECT_EQ(judge_refresh(&first.session, 1, east, noon + seconds(61), seconds(60)), RefreshVerdict::reused);
  EXPECT_EQ(generation_within_grace(first.session, 1, east, east), 2U);
}

TEST(SessionRules, AClockThatWasSetBackMakesNoLongerGrace) {
  const Rotation first = rotate(Session{}, 1, east, east, noon);
  const auto after = [&](WallTime now) { return judge_refresh(&first.session, 1, east, now, seconds(10)); };
  EXPECT_EQ(after(noon - seconds(4)), RefreshVerdict::within_grace)
      << "spent at a region that is a bit ahead";
  EXPECT_EQ(after(noon - std::chrono::hours(1)), RefreshVerdict::reused);
}

TEST(SessionRules, OnlyTheLastParentHasAGrace) {
  const Rotation second = rotate(rotate(Session{}, 1, east, east, noon).session, 2, east, east, noon);
  EXPECT_EQ(judge_refresh(&second.session, 1, east, noon, seconds(60)), RefreshVerdict::reused);
  EXPECT_EQ(judge_refresh(&second.session, 2, east, noon, seconds(60)), RefreshVerdict::within_grace);
}

TEST(SessionRules, WithoutARowEverythingIsCurrent) {
  EXPECT_EQ(judge_refresh(nullptr, 7, west, noon, seconds(0)), RefreshVerdict::current);
}

TEST(SessionRules, TwoCutOffRegionsRefreshingOneParentIsNotTheft) {
  const Rotation in_east = rotate(Session{}, 1, east, east, noon);
  const Rotation in_west = rotate(Session{}, 1, east, west, noon);
  EXPECT_EQ(in_west.generation, 2U);
  // The child of the west comes to the east, which spent the parent itself long ago.
  EXPECT_EQ(judge_refresh(&in_east.session, in_west.generation, west, noon + days(1), seconds(0)),
            RefreshVerdict::current);
  // The parent itself, used again at either side, is.
  EXPECT_EQ(judge_refresh(&in_west.session, 1, east, noon + days(1), seconds(0)), RefreshVerdict::reused);
}

TEST(SessionRules, ComingBackNeverLeadsToASpentGeneration) {
  Session session;
  session.branches = {{.region = east, .oldest_unused = 9, .since = noon}};
  const Rotation back = rotate(session, 3, west, east, noon);
  EXPECT_EQ(back.generation, 9U);
  EXPECT_EQ(judge_refresh(&back.session, back.generation, east, noon, seconds(0)), RefreshVerdict::current);
  EXPECT_EQ(judge_refresh(&back.session, 3, west, noon + days(1), seconds(0)), RefreshVerdict::reused);
}

TEST(SessionRules, CredentialVersions) {
  const PasswordCredential changed_by_user{.version = 3, .oldest_valid_version = 0, .changed_at = noon};
  EXPECT_TRUE(credential_still_counts(changed_by_user, 3, noon + seconds(9)));
  EXPECT_TRUE(credential_still_counts(changed_by_user, 2, noon - seconds(1)));
  // Signed in with the old password after the change: at a region that was cut off.
  EXPECT_FALSE(credential_still_counts(changed_by_user, 2, noon + seconds(1)));
  // A region that is behind sees a token of a version that it does not have yet.
  EXPECT_TRUE(credential_still_counts(changed_by_user, 4, noon + seconds(9)));
  const PasswordCredential reset{.version = 3, .oldest_valid_version = 3, .changed_at = noon};
  EXPECT_FALSE(credential_still_counts(reset, 2, noon - seconds(1)));
}

TEST(SessionRules, UnknownSessionsMustBeNewerThanWhatTheRegionHolds) {
  SealedClaims claims;
  claims.recorded = true;
  claims.issued_at = noon;
  EXPECT_TRUE(may_honour_unknown(claims, noon));
  EXPECT_FALSE(may_honour_unknown(claims, noon + seconds(1)));
  claims.recorded = false;
  EXPECT_TRUE(may_honour_unknown(claims, noon + seconds(1)));
}

}  // namespace
}  // namespace holdfast::identity
