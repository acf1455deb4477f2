// What changes while somebody waits for a hashing thread.
#include <gtest/gtest.h>

#include <future>
#include <semaphore>
#include <thread>

#include "holdfast/identity/user_rules.h"
#include "identity_fixture.h"
#include "records.h"
#include "tables.h"
#include "user_store.h"

namespace holdfast::identity {
namespace {

/// Sign-ins that wait for a hashing thread while something changes.
class SlowHashTest : public test::IdentityTest {
 protected:
  /// Holds both hashing threads until `ask` has begun `waiting` tasks that wait for one, then runs `change`.
  template <class Ask, class Change>
  void while_hashing_waits(std::size_t waiting, Ask ask, Change change) {
    std::counting_semaphore<2> begun(0);
    std::counting_semaphore<2> free(0);
    std::vector<std::future<Result<int>>> busy;
    for (int i = 0; i < 2; ++i) {
      busy.push_back(boost::asio::co_spawn(region_.io().next(), region_.cpu().run([&begun, &free] {
        begun.release();
        free.acquire();
        return 0;
      }),
                                           boost::asio::use_future));
    }
    for (int i = 0; i < 2; ++i) begun.acquire();
    ask();
    while (region_.cpu().queued() < waiting) std::this_thread::yield();
    change();
    free.release(2);
    for (auto& one : busy) EXPECT_TRUE(one.get());
  }
  /// Signs ada in, runs `change` after her account was read and before her password is looked at.
  template <class Change>
  Result<SignInService::Outcome> sign_in_around(Change change) {
    std::future<Result<SignInService::Outcome>> outcome;
    const auto ask = [&] {
      outcome = boost::asio::co_spawn(
          region_.io().next(),
          identity_.sign_in.sign_in({.client = web_.id,
                                     .proof = {},
                                     .username = "ada",
                                     .password = std::string(test::good_password),
                                     .origin = {.address = "192.0.2.1", .request_id = "req-2"}}),
          boost::asio::use_future);
    };
    while_hashing_waits(1, ask, change);
    return outcome.get();
  }
  /// What an administrator's new password does to the credential.
  void set_another_password() {
    auto credential = *must(find_credential(region_.core().reader(), pool_.id, ada_.id));
    ++credential.value.version;
    credential.value.oldest_valid_version = credential.value.version;
    put(credentials_table, encode(credential.value));
  }
  void put(const storage::Table& table, BytesView plain) {
    auto transaction = region_.core().transaction();
    transaction.put(table, user_key(pool_.id, *uuid_bytes(ada_.id.str())), storage::Scope::pool(pool_.id),
                    record_version, plain);
    region_.store().commit(std::move(transaction));
  }

  Pool pool_ = make_pool();
  Client web_ = make_client(pool_.id);
  User ada_ = make_user(pool_.id, "ada");
};

TEST_F(SlowHashTest, APasswordThatWasReplacedMeanwhileGivesNothing) {
  const auto outcome = sign_in_around([&] { set_another_password(); });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, "not_authorized");
}

TEST_F(SlowHashTest, NorAtASecondary) {
  region_.become_secondary();
  const auto outcome = sign_in_around([&] { set_another_password(); });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, "not_authorized");
}

TEST_F(SlowHashTest, AUserWhoWasDisabledMeanwhileGetsNothing) {
  const auto outcome = sign_in_around([&] {
    User disabled = ada_;
    disabled.enabled = false;
    put(users_table, encode(disabled));
  });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, "user_disabled");
}

TEST_F(SlowHashTest, ASignOutDuringTheWaitEndsTheSession) {
  const auto outcome = sign_in_around([&] {
    region_.clock().advance(std::chrono::seconds(1));
    must(region_.run(identity_.sessions.sign_out(pool_.id, ada_.id, test::operator_actor())));
  });
  ASSERT_TRUE(outcome) << outcome.error().describe();
  EXPECT_EQ(try_refresh(web_.id, std::get<UserTokens>(*outcome).refresh_token).error().code, "token_revoked");
}

TEST_F(SlowHashTest, AnUnrelatedChangeOfTheRowsIsNoRefusal) {
  EXPECT_TRUE(sign_in_around([&] {
    must(region_.run(
        identity_.users.update_attributes(pool_.id, ada_.id, {{"nickname", "a"}}, test::operator_actor())));
  }));
}

TEST_F(SlowHashTest, OfTwoAnswersToOneChallengeTheSecondIsToldThatItWasUsed) {
  make_user(pool_.id, "new", false);
  const std::string session = std::get<NewPasswordChallenge>(must(try_sign_in(web_.id, "new"))).session;
  std::vector<std::future<Result<UserTokens>>> asked;
  const auto ask = [&] {
    for (const char* password : {"Better-Horse-2", "Third-Horse-3"}) {
      asked.push_back(boost::asio::co_spawn(region_.io().next(),
                                            identity_.sign_in.answer({.client = web_.id,
                                                                      .proof = {},
                                                                      .session = session,
                                                                      .username = "new",
                                                                      .new_password = password,
                                                                      .attributes = {},
                                                                      .origin = {}}),
                                            boost::asio::use_future));
    }
  };
  while_hashing_waits(2, ask, [] {});
  std::size_t taken = 0;
  for (auto& one : asked) {
    const auto tokens = one.get();
    if (tokens) ++taken;
    if (!tokens) {
      EXPECT_EQ(tokens.error().code, "invalid_session");
    }
  }
  EXPECT_EQ(taken, 1U);
}

TEST_F(SlowHashTest, AnUnrelatedChangeOfTheRowsDoesNotRefuseANewPassword) {
  // The one disk thread is held where put_password has read the rows and not written yet.
  std::binary_semaphore begun(0);
  std::binary_semaphore free(0);
  auto held = boost::asio::co_spawn(region_.io().next(),
                                    async::offload(region_.disk(),
                                                   [&] {
                                                     begun.release();
                                                     free.acquire();
                                                     return 0;
                                                   }),
                                    boost::asio::use_future);
  begun.acquire();
  auto set = boost::asio::co_spawn(
      region_.io().next(),
      identity_.users.set_password(pool_.id, ada_.id, "Better-Horse-2", true, test::operator_actor()),
      boost::asio::use_future);
  while (region_.disk().threads().queued() == 0) std::this_thread::yield();
  auto credential = *must(find_credential(region_.core().reader(), pool_.id, ada_.id));
  ++credential.value.lockout_epoch;
  put(credentials_table, encode(credential.value));
  free.release();
  EXPECT_TRUE(held.get());
  const auto written = set.get();
  EXPECT_TRUE(written) << written.error().describe();
  EXPECT_TRUE(try_sign_in(web_.id, "ada", "Better-Horse-2"));
}

TEST_F(SlowHashTest, TheSessionIsWrittenOnlyBesideTheRowsThatWereRead) {
  const auto account = must(identity_.users.get_account(pool_.id, ada_.id));
  set_another_password();
  const auto session =
      region_.run(identity_.sessions.start({.pool = pool_.id,
                                            .client = web_.id,
                                            .user = ada_.id,
                                            .credential_version = account.credential->version,
                                            .scopes = {},
                                            .lifetime = std::chrono::hours(1),
                                            .started_at = region_.clock().now(),
                                            .user_row = account.user_row,
                                            .credential_row = account.credential_row}));
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, "changed_meanwhile");
}

}  // namespace
}  // namespace holdfast::identity
