// Failed attempts, counted and refused: through sign-in, as a client sees it.
#include "holdfast/identity/lockout_service.h"

#include <gtest/gtest.h>

#include "holdfast/identity/user_rules.h"
#include "identity_fixture.h"
#include "records.h"
#include "tables.h"

namespace holdfast::identity {
namespace {

class LockoutTest : public test::IdentityTest {
 protected:
  std::string_view refusal(std::string username, std::string password = std::string(test::good_password)) {
    const auto outcome = try_sign_in(web_.id, std::move(username), std::move(password));
    return outcome ? "accepted" : outcome.error().code;
  }
  /// The right password's answer after a restart: nothing is counted in memory any more.
  std::string_view refusal_after_a_restart(std::string username) {
    return refusal_of_another(foundation(), std::move(username));
  }
  /// The same at a secondary that has the log.
  std::string_view refusal_elsewhere(std::string username) {
    region_.become_secondary();
    Foundation other = foundation();
    other.region = RegionName("eu-west-1");
    return refusal_of_another(std::move(other), std::move(username));
  }
  std::string_view refusal_of_another(Foundation base, std::string username) {
    opened_.reset();
    const auto again = must(Identity::open(base));
    const auto outcome = region_.run(again->sign_in.sign_in({.client = web_.id,
                                                             .proof = {},
                                                             .username = std::move(username),
                                                             .password = std::string(test::good_password),
                                                             .origin = {}}));
    return outcome ? "accepted" : outcome.error().code;
  }
  void fail_times(int times, const std::string& username = "ada") {
    for (int i = 0; i < times; ++i) EXPECT_EQ(refusal(username, "Wrong-Horse-1"), "not_authorized") << i;
    region_.run(identity_.lockouts.settled());
  }

  AttemptSubject somebody(const std::string& name) {
    return {.pool = pool_.id,
            .blind = must(identity_.users.blinded_username(pool_, name)),
            .user = {},
            .epoch = 0,
            .request_id = {}};
  }
  /// Tries a name so many times: hashed and found wrong.
  void fail_at(LockoutService& lockouts, const std::string& name, int times) {
    for (int i = 0; i < times; ++i)
      region_.run(lockouts.failed(must(region_.run(lockouts.admit(somebody(name))))));
    region_.run(lockouts.settled());
  }
  bool is_locked(LockoutService& lockouts, const std::string& name) {
    const auto admitted = region_.run(lockouts.admit(somebody(name)));
    return !admitted && admitted.error().code == "password_attempts_exceeded";
  }
  std::size_t rows_of_names() {
    std::size_t rows = 0;
    must(region_.core().reader().scan(name_failures_table, {}, {}, 1000,
                                      [&](BytesView, const storage::Stored&) { ++rows; }));
    must(region_.local().scan(storage::local_tables::counters, local_name_failures().take(), {}, 1000,
                              [&](BytesView, BytesView) { return ++rows > 0; }));
    return rows;
  }

  Pool pool_ = make_pool();
  Client web_ = make_client(pool_.id);
};

// "nobody" is the name of nobody: what it answers must never differ from what a user's does.
class LockoutOf : public LockoutTest, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "ada") make_user(pool_.id, "ada");
  }
};
INSTANTIATE_TEST_SUITE_P(AUserAndNobody, LockoutOf, testing::Values("ada", "nobody"));

TEST_P(LockoutOf, CountsSurviveARestart) {
  fail_times(5, GetParam());
  EXPECT_EQ(refusal_after_a_restart(GetParam()), "password_attempts_exceeded");
}

TEST_P(LockoutOf, CountsReachTheOtherRegions) {
  fail_times(5, GetParam());
  EXPECT_EQ(refusal_elsewhere(GetParam()), "password_attempts_exceeded");
}

TEST_P(LockoutOf, ASecondaryCountsInItsOwnStore) {
  region_.become_secondary();
  const auto before = region_.core().applied().index;
  fail_times(5, GetParam());
  EXPECT_EQ(refusal(GetParam()), "password_attempts_exceeded");
  EXPECT_EQ(region_.core().applied().index, before);
  EXPECT_EQ(refusal_after_a_restart(GetParam()), "password_attempts_exceeded");
}

// Rows of names cannot be kept for good, so that no count may be.
TEST_P(LockoutOf, ADayAfterTheLastFailureNoneCounts) {
  fail_times(4, GetParam());
  region_.clock().advance(lockout_remembered);
  fail_times(1, GetParam());
  EXPECT_EQ(refusal(GetParam()), "password_attempts_exceeded") << "not a day yet";
  region_.clock().advance(lockout_remembered + std::chrono::seconds(1));
  must(region_.run(identity_.lockouts.sweep()));
  fail_times(5, GetParam());
  EXPECT_EQ(refusal_after_a_restart(GetParam()), "password_attempts_exceeded");
}

// Its own count has two rows then, one from the time when it could not write to the log.
TEST_P(LockoutOf, AVoidCountDoesNotComeBackWithTheTimeOfANewerOne) {
  region_.become_secondary();
  fail_times(5, GetParam());
  region_.become_primary();
  region_.clock().advance(lockout_remembered + std::chrono::seconds(1));
  fail_times(1, GetParam());
  EXPECT_NE(refusal_after_a_restart(GetParam()), "password_attempts_exceeded");
}

// A full hash queue refuses many names a second, which costs who sends them nothing.
TEST_F(LockoutTest, NamesThatWereNeverHashedPushNoCountOut) {
  LockoutService lockouts(foundation(), {.live_names = 8, .name_rows = 0});
  fail_at(lockouts, "nobody", 5);
  for (int i = 0; i < 100; ++i) must(region_.run(lockouts.admit(somebody("random" + std::to_string(i)))));
  EXPECT_TRUE(is_locked(lockouts, "nobody"));
}

TEST_F(LockoutTest, ACountThatWasPushedOutIsReadAgain) {
  LockoutService lockouts(foundation(), {.live_names = 2, .name_rows = 100});
  fail_at(lockouts, "nobody", 5);
  for (int i = 0; i < 9; ++i) fail_at(lockouts, "random" + std::to_string(i), 1);
  EXPECT_TRUE(is_locked(lockouts, "nobody"));
}

TEST_F(LockoutTest, RowsOfNamesAreBoundedAndSwept) {
  LockoutService lockouts(foundation(), {.live_names = 2, .name_rows = 3});
  for (int i = 0; i < 6; ++i) fail_at(lockouts, "random" + std::to_string(i), 1);
  EXPECT_EQ(rows_of_names(), 3U);
  fail_at(lockouts, "random0", 4);
  EXPECT_TRUE(is_locked(lockouts, "random0")) << "one that has a row goes on";
  must(region_.run(lockouts.sweep()));
  EXPECT_EQ(rows_of_names(), 3U);
  region_.clock().advance(lockout_remembered + std::chrono::seconds(1));
  must(region_.run(lockouts.sweep()));
  EXPECT_EQ(rows_of_names(), 0U);
  region_.become_secondary();
  for (int i = 0; i < 6; ++i) fail_at(lockouts, "random" + std::to_string(i), 1);
  EXPECT_EQ(rows_of_names(), 3U) << "in local.db";
  // After a restart there is as much room as the rows leave.
  LockoutService again(foundation(), {.live_names = 2, .name_rows = 4});
  must(region_.run(again.sweep()));
  for (int i = 10; i < 16; ++i) fail_at(again, "random" + std::to_string(i), 1);
  EXPECT_EQ(rows_of_names(), 4U);
  region_.clock().advance(lockout_remembered + std::chrono::seconds(1));
  must(region_.run(again.sweep()));
  EXPECT_EQ(rows_of_names(), 0U);
}

TEST_F(LockoutTest, AfterFiveFailuresEvenTheRightPasswordWaits) {
  make_user(pool_.id, "ada");
  fail_times(5);
  EXPECT_EQ(refusal("ada"), "password_attempts_exceeded");
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(refusal("ada", "Wrong-Horse-1"), "not_authorized");
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(refusal("ada"), "password_attempts_exceeded") << "the sixth waits two seconds";
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(refusal("ada"), "accepted");
  fail_times(4);
  EXPECT_EQ(refusal("ada"), "accepted") << "a success starts the count over";
}

TEST_F(LockoutTest, AClockThatWasSetBackLocksNobodyForLonger) {
  make_user(pool_.id, "ada");
  fail_times(5);
  region_.clock().jump(-std::chrono::days(1));
  EXPECT_EQ(refusal("ada", "Wrong-Horse-1"), "not_authorized");
  EXPECT_EQ(refusal("ada"), "password_attempts_exceeded") << "the sixth is timed by the clock as it is now";
  region_.clock().advance(std::chrono::seconds(2));
  EXPECT_EQ(refusal("ada"), "accepted");
}

TEST_F(LockoutTest, NamesThatDoNotExistAreLockedAlike) {
  fail_times(5, "nobody");
  EXPECT_EQ(refusal("nobody"), "password_attempts_exceeded");
}

TEST_F(LockoutTest, OneUsersFailuresAreNotAnothers) {
  make_user(pool_.id, "ada");
  make_user(pool_.id, "bob");
  fail_times(5);
  EXPECT_EQ(refusal("bob"), "accepted");
}

TEST_F(LockoutTest, TheSubCountsOnTheSameAccount) {
  const User ada = make_user(pool_.id, "ada");
  fail_times(3);
  fail_times(2, ada.id.str());
  EXPECT_EQ(refusal("ada"), "password_attempts_exceeded");
}

TEST_F(LockoutTest, OtherRegionsCountsAddUpUntilASuccessVoidsThem) {
  const User ada = make_user(pool_.id, "ada");
  const FailureCount there{.failures = 3, .last_failure = region_.clock().now(), .epoch = 0};
  auto transaction = region_.core().transaction();
  transaction.put(failures_table,
                  pool_prefix(pool_.id).fixed(*uuid_bytes(ada.id.str())).text("eu-west-1").take(),
                  storage::Scope::pool(pool_.id), record_version, encode(there));
  region_.store().commit(std::move(transaction));
  fail_times(2);
  EXPECT_EQ(refusal("ada"), "password_attempts_exceeded");
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(refusal("ada"), "accepted");
  region_.run(identity_.lockouts.settled());
  EXPECT_EQ(must(identity_.users.get_account(pool_.id, ada.id)).credential->lockout_epoch, 1U);
  fail_times(4);
  EXPECT_EQ(refusal("ada"), "accepted") << "the other region's three no longer count";
}

TEST_F(LockoutTest, AnUnlockVoidsAllCounts) {
  const User ada = make_user(pool_.id, "ada");
  fail_times(5);
  must(region_.run(identity_.users.unlock(pool_.id, ada.id, test::operator_actor())));
  EXPECT_EQ(refusal("ada"), "accepted");
}

}  // namespace
}  // namespace holdfast::identity
