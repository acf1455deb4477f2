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
    opened_.reset();
    const auto again = must(Identity::open(foundation()));
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

  Pool pool_ = make_pool();
  Client web_ = make_client(pool_.id);
};

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

TEST_F(LockoutTest, CountsSurviveARestartAndReachTheLog) {
  make_user(pool_.id, "ada");
  fail_times(5);
  EXPECT_EQ(refusal_after_a_restart("ada"), "password_attempts_exceeded");
}

TEST_F(LockoutTest, ASecondaryCountsInItsOwnStore) {
  make_user(pool_.id, "ada");
  region_.become_secondary();
  const auto before = region_.core().applied().index;
  fail_times(5);
  EXPECT_EQ(refusal("ada"), "password_attempts_exceeded");
  EXPECT_EQ(region_.core().applied().index, before);
  EXPECT_EQ(refusal_after_a_restart("ada"), "password_attempts_exceeded");
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
