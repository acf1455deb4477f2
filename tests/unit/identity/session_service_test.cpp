#include "holdfast/identity/session_service.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <future>
#include <semaphore>
#include <thread>

#include "holdfast/identity/token_claims.h"
#include "holdfast/storage/step.h"
#include "identity_fixture.h"
#include "origin_jti.h"
#include "tables.h"

namespace holdfast::identity {
namespace {

class SessionTest : public test::IdentityTest {
 protected:
  Client rotating_client(std::chrono::seconds grace) {
    Client draft;
    draft.rotates_refresh_tokens = true;
    draft.rotation_grace = grace;
    return make_client(pool_.id, draft);
  }
  SealedClaims claims_of(const std::string& refresh_token) {
    return must(identity_.sessions.unseal(SealedKind::refresh_token, refresh_token));
  }
  /// As another region would have sealed it.
  std::string sealed_elsewhere(SealedClaims claims) {
    return must(identity_.sessions.seal(SealedKind::refresh_token, claims));
  }
  /// Claims of a session that this region has no row of.
  SealedClaims unknown_session(const Client& client) {
    SealedClaims claims = claims_of(sign_in(client.id, "ada").refresh_token);
    claims.origin_jti = "018f3c6a-7b2c-7d10-8a4e-5f6071829304";
    claims.branch = claims.region = RegionName("eu-west-1");
    claims.issued_at = region_.clock().now();
    return claims;
  }
  /// Holds the one disk thread until `ask` has begun `waiting` tasks that wait for it: each reads what is
  /// there before any of them has written.
  template <class Ask>
  void while_the_disk_waits(std::size_t waiting, Ask ask) {
    std::binary_semaphore begun(0);
    std::binary_semaphore asked_all(0);
    auto held = boost::asio::co_spawn(region_.io().next(),
                                      async::offload(region_.disk(),
                                                     [&] {
                                                       begun.release();
                                                       asked_all.acquire();
                                                       return 0;
                                                     }),
                                      boost::asio::use_future);
    begun.acquire();
    ask();
    while (region_.disk().threads().queued() < waiting) std::this_thread::yield();
    asked_all.release();
    EXPECT_TRUE(held.get());
  }
  std::string_view refresh_refusal(const Client& client, const std::string& token) {
    const auto refreshed = try_refresh(client.id, token);
    return refreshed ? "accepted" : refreshed.error().code;
  }

  Pool pool_ = make_pool();
  Client web_ = make_client(pool_.id);
  User ada_ = make_user(pool_.id, "ada");
};

TEST_F(SessionTest, WithoutRotationTheClientKeepsItsToken) {
  const UserTokens tokens = sign_in(web_.id, "ada");
  const auto refreshed = must(try_refresh(web_.id, tokens.refresh_token));
  EXPECT_TRUE(refreshed.refresh_token.empty());
  EXPECT_TRUE(try_refresh(web_.id, tokens.refresh_token));
}

TEST_F(SessionTest, ATokenOpensOnlyForItsClientUntilItExpires) {
  const UserTokens tokens = sign_in(web_.id, "ada");
  EXPECT_EQ(refresh_refusal(make_client(pool_.id), tokens.refresh_token), "invalid_token");
  EXPECT_EQ(refresh_refusal(web_, tokens.access_token), "invalid_token");
  EXPECT_EQ(refresh_refusal(web_, ""), "invalid_token");
  region_.clock().advance(std::chrono::days(30) - std::chrono::seconds(1));
  EXPECT_EQ(refresh_refusal(web_, tokens.refresh_token), "accepted");
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(refresh_refusal(web_, tokens.refresh_token), "invalid_token");
}

TEST_F(SessionTest, ADisabledOrDeletedUserRefreshesNothing) {
  const UserTokens tokens = sign_in(web_.id, "ada");
  must(region_.run(identity_.users.set_enabled(pool_.id, ada_.id, false, test::operator_actor())));
  EXPECT_EQ(refresh_refusal(web_, tokens.refresh_token), "user_disabled");
  must(region_.run(identity_.users.remove(pool_.id, ada_.id, test::operator_actor())));
  EXPECT_EQ(refresh_refusal(web_, tokens.refresh_token), "invalid_token");
}

TEST_F(SessionTest, RotationSpendsTheParentAfterItsGrace) {
  const Client client = rotating_client(std::chrono::seconds(10));
  const std::string first = sign_in(client.id, "ada").refresh_token;
  const std::string second = must(try_refresh(client.id, first)).refresh_token;
  EXPECT_FALSE(second.empty());
  EXPECT_NE(second, first);
  region_.clock().advance(std::chrono::seconds(10));
  const std::string again = must(try_refresh(client.id, first)).refresh_token;  // the reply was lost
  EXPECT_EQ(claims_of(again).generation, claims_of(second).generation);
  region_.clock().advance(std::chrono::microseconds(1));
  EXPECT_EQ(refresh_refusal(client, first), "refresh_token_reuse");
  EXPECT_EQ(refresh_refusal(client, second), "token_revoked") << "the whole family goes";
  EXPECT_TRUE(was_audited("SESSION_REVOKED"));
}

TEST_F(SessionTest, WhatRotationSpentStaysSpentWhenTheClientStopsRotating) {
  Client client = rotating_client(std::chrono::seconds(10));
  const std::string first = sign_in(client.id, "ada").refresh_token;
  const std::string second = must(try_refresh(client.id, first)).refresh_token;
  client.rotates_refresh_tokens = false;
  must(region_.run(identity_.clients.update(client, test::operator_actor())));
  EXPECT_EQ(refresh_refusal(client, second), "accepted");
  region_.clock().advance(std::chrono::seconds(11));
  EXPECT_EQ(refresh_refusal(client, first), "refresh_token_reuse");
  EXPECT_EQ(refresh_refusal(client, second), "token_revoked");
}

TEST_F(SessionTest, AChildIsNotIssuedBeforeItsParent) {
  const Client client = rotating_client(std::chrono::seconds(60));
  const std::string parent = sign_in(client.id, "ada").refresh_token;
  must(try_refresh(client.id, parent));
  // The reply was lost, and whom the client asks now has a slower clock.
  region_.clock().jump(-std::chrono::seconds(4));
  const SealedClaims child = claims_of(must(try_refresh(client.id, parent)).refresh_token);
  EXPECT_TRUE(child.recorded);
  EXPECT_GE(child.issued_at, claims_of(parent).issued_at)
      << "a region that has not got the session's row yet takes it for one that should be there";
}

TEST_F(SessionTest, RotationKeepsTheEndOfTheSession) {
  const Client client = rotating_client(std::chrono::seconds(0));
  std::string token = sign_in(client.id, "ada").refresh_token;
  const WallTime end = claims_of(token).expires_at;
  for (int i = 0; i < 3; ++i) {
    region_.clock().advance(std::chrono::days(1));
    token = must(try_refresh(client.id, token)).refresh_token;
    EXPECT_EQ(claims_of(token).expires_at, end);
  }
}

TEST_F(SessionTest, TwoRefreshesOfOneTokenAtTheSameTimeBothSucceed) {
  const Client client = rotating_client(std::chrono::seconds(10));
  const std::string token = sign_in(client.id, "ada").refresh_token;
  const auto refresh = [&] {
    return boost::asio::co_spawn(
        region_.io().next(),
        identity_.sign_in.refresh({.client = client.id, .proof = {}, .refresh_token = token, .origin = {}}),
        boost::asio::use_future);
  };
  auto one = refresh();
  auto two = refresh();
  EXPECT_TRUE(one.get());
  EXPECT_TRUE(two.get());
}

TEST_F(SessionTest, ASecondaryRotatesInItsOwnStore) {
  const Client client = rotating_client(std::chrono::seconds(0));
  const std::string first = sign_in(client.id, "ada").refresh_token;
  region_.become_secondary();
  const auto before = region_.core().applied().index;
  region_.clock().advance(std::chrono::seconds(1));
  const std::string second = must(try_refresh(client.id, first)).refresh_token;
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(refresh_refusal(client, first), "refresh_token_reuse");
  EXPECT_EQ(refresh_refusal(client, second), "token_revoked");
  EXPECT_EQ(region_.core().applied().index, before);
}

TEST_F(SessionTest, AnUnknownSessionIsHonouredWhenItIsNewerThanAllThatIsHeldHere) {
  SealedClaims claims = unknown_session(web_);
  claims.recorded = true;
  EXPECT_EQ(refresh_refusal(web_, sealed_elsewhere(claims)), "accepted");
  claims.issued_at = region_.core().applied().committed_at - std::chrono::microseconds(1);
  EXPECT_EQ(refresh_refusal(web_, sealed_elsewhere(claims)), "invalid_token") << "its row should be here";
  claims.recorded = false;
  EXPECT_EQ(refresh_refusal(web_, sealed_elsewhere(claims)), "accepted")
      << "a secondary's sign-in has no row";
}

/// A secondary that catches up: the row and later commits arrive between the look for the row and the
/// verdict.
TEST_F(SessionTest, AnUnknownSessionIsHonouredThoughNewerCommitsArriveMeanwhile) {
  SealedClaims claims = unknown_session(web_);
  claims.recorded = true;
  static test::TestRegion* region;
  region = &region_;
  storage::set_step_hook([](std::string_view step) {
    if (step != "refresh.asked") return;
    region->clock().advance(std::chrono::seconds(1));
    region->store().commit(std::move(region->core().transaction().audit({.kind = "ANOTHER_COMMIT"})));
  });
  const auto answer = refresh_refusal(web_, sealed_elsewhere(claims));
  storage::set_step_hook(nullptr);
  EXPECT_EQ(answer, "accepted") << "it was newer than all that was held here when the row was looked for";
  EXPECT_GT(region_.core().applied().committed_at, claims.issued_at);
}

TEST_F(SessionTest, ATokenIsIssuedNotBeforeItsRowsCommit) {
  const UserTokens tokens = sign_in(web_.id, "ada");
  const SealedClaims claims = claims_of(tokens.refresh_token);
  EXPECT_TRUE(claims.recorded);
  EXPECT_GE(claims.issued_at, tokens.receipt->head.committed_at);
}

TEST_F(SessionTest, ANewerGenerationThanKnownIsAcceptedAndRecorded) {
  const Client client = rotating_client(std::chrono::seconds(0));
  SealedClaims claims = claims_of(sign_in(client.id, "ada").refresh_token);
  claims.generation = 7;
  EXPECT_EQ(refresh_refusal(client, sealed_elsewhere(claims)), "accepted");
  claims.generation = 6;
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(refresh_refusal(client, sealed_elsewhere(claims)), "refresh_token_reuse");
}

TEST_F(SessionTest, AnOldPasswordsSessionAtACutOffRegionIsNotHonoured) {
  SealedClaims claims = unknown_session(web_);
  region_.clock().advance(std::chrono::seconds(1));
  must(region_.run(
      identity_.users.set_password(pool_.id, ada_.id, "Better-Horse-2", true, test::operator_actor())));
  region_.clock().advance(std::chrono::seconds(1));
  claims.issued_at = claims.started_at = region_.clock().now();
  claims.origin_jti = new_origin_jti(claims.started_at, crypto::system_entropy());
  EXPECT_EQ(refresh_refusal(web_, sealed_elsewhere(claims)), "token_revoked");
  const auto tokens = must(identity_.issuer.issue(pool_, web_, ada_, {}, claims));
  EXPECT_EQ(region_.run(identity_.tokens.verify_self_service(tokens.access_token)).error().code,
            "token_revoked");
}

// Its region's clock is three seconds ahead, and it could not write the session's row.
TEST_F(SessionTest, AnOperatorsSignOutEndsASessionOfARegionWhoseClockIsAhead) {
  SealedClaims claims = unknown_session(web_);
  claims.recorded = false;
  claims.issued_at = claims.started_at = region_.clock().now() + std::chrono::seconds(3);
  claims.origin_jti = new_origin_jti(claims.started_at, crypto::system_entropy());
  EXPECT_EQ(refresh_refusal(web_, sealed_elsewhere(claims)), "accepted");
  must(region_.run(identity_.sessions.sign_out(pool_.id, ada_.id, test::operator_actor())));
  EXPECT_EQ(refresh_refusal(web_, sealed_elsewhere(claims)), "token_revoked");
  const UserTokens after = sign_in(web_.id, "ada");
  EXPECT_EQ(refresh_refusal(web_, after.refresh_token), "accepted") << "who signs in at once is signed in";
  EXPECT_TRUE(region_.run(identity_.tokens.verify_self_service(after.access_token)));
}

TEST_F(SessionTest, RevocationEndsOneFamilyOnly) {
  const UserTokens one = sign_in(web_.id, "ada");
  const UserTokens two = sign_in(web_.id, "ada");
  const auto revoke = [&](const ClientId& client, const std::string& token) {
    return region_.run(
        identity_.sign_in.revoke({.client = client, .proof = {}, .refresh_token = token, .origin = {}}));
  };
  EXPECT_TRUE(revoke(web_.id, "rubbish"));
  EXPECT_TRUE(revoke(make_client(pool_.id).id, one.refresh_token));
  EXPECT_EQ(refresh_refusal(web_, one.refresh_token), "accepted") << "a client revokes its own tokens";
  EXPECT_TRUE(revoke(web_.id, one.refresh_token));
  EXPECT_EQ(refresh_refusal(web_, one.refresh_token), "token_revoked");
  EXPECT_EQ(region_.run(identity_.tokens.verify_self_service(one.access_token)).error().code,
            "token_revoked");
  EXPECT_EQ(refresh_refusal(web_, two.refresh_token), "accepted");
}

TEST_F(SessionTest, SigningOutEverywhereEndsWhatHasBegunAndNothingElse) {
  const UserTokens before = sign_in(web_.id, "ada");
  const auto user = must(region_.run(identity_.tokens.verify_self_service(before.access_token)));
  region_.clock().advance(std::chrono::milliseconds(1));
  must(region_.run(identity_.sign_in.sign_out(user, {})));
  EXPECT_EQ(refresh_refusal(web_, before.refresh_token), "token_revoked");
  EXPECT_EQ(region_.run(identity_.tokens.verify_self_service(before.access_token)).error().code,
            "token_revoked");
  region_.clock().advance(std::chrono::milliseconds(1));
  const UserTokens after = sign_in(web_.id, "ada");
  EXPECT_TRUE(region_.run(identity_.tokens.verify_self_service(after.access_token)));
  EXPECT_EQ(refresh_refusal(web_, after.refresh_token), "accepted");
}

TEST_F(SessionTest, ASecondarysRevocationHoldsThereAtOnceAndAfterARestart) {
  const UserTokens tokens = sign_in(web_.id, "ada");
  region_.become_secondary();
  const auto before = region_.core().applied().index;
  const auto receipt = must(region_.run(identity_.sign_in.revoke(
      {.client = web_.id, .proof = {}, .refresh_token = tokens.refresh_token, .origin = {}})));
  EXPECT_FALSE(receipt);
  EXPECT_EQ(refresh_refusal(web_, tokens.refresh_token), "token_revoked");
  EXPECT_EQ(region_.core().applied().index, before);
  opened_.reset();
  const auto again = must(Identity::open(foundation()));
  EXPECT_EQ(region_.run(again->tokens.verify_self_service(tokens.access_token)).error().code,
            "token_revoked");
}

TEST_F(SessionTest, SignInsGoOnWhereTheStoreTakesNoWrites) {
  region_.store().committer().close("the disk is gone");
  const UserTokens tokens = sign_in(web_.id, "ada");
  EXPECT_FALSE(claims_of(tokens.refresh_token).recorded);
  EXPECT_EQ(refresh_refusal(web_, tokens.refresh_token), "accepted");
}

TEST_F(SessionTest, AScopeTakenFromTheClientIsGoneWithTheNextRefresh) {
  const UserTokens tokens = sign_in(web_.id, "ada");
  Client changed = web_;
  changed.scopes = {"openid"};
  must(region_.run(identity_.clients.update(changed, test::operator_actor())));
  const UserTokens refreshed = must(try_refresh(web_.id, tokens.refresh_token));
  EXPECT_FALSE(region_.run(identity_.tokens.verify_self_service(refreshed.access_token)));
  const Client now = *must(identity_.clients.get(web_.id));
  const auto narrowed = region_.run(
      identity_.sign_in.refresh_for(now, tokens.refresh_token, {}, std::string(self_service_scope)));
  ASSERT_FALSE(narrowed);
  EXPECT_EQ(narrowed.error().code, "invalid_scope");
}

/// Each look is a microsecond later, so that without a grace a parent is spent for whoever comes second.
class TickingClock final : public Clock {
 public:
  explicit TickingClock(const Clock& base) : base_(base) {}
  [[nodiscard]] WallTime now() const override { return base_.now() + std::chrono::microseconds(++looks_); }
  [[nodiscard]] SteadyTime steady_now() const override { return base_.steady_now(); }

 private:
  const Clock& base_;
  mutable std::atomic<std::int64_t> looks_ = 0;
};

TEST_F(SessionTest, OfSeveralRefreshesAtOnceASecondaryTakesOne) {
  const Client client = rotating_client(std::chrono::seconds(0));
  const std::string token = sign_in(client.id, "ada").refresh_token;
  region_.become_secondary();
  const TickingClock clock(region_.clock());
  const Foundation base = foundation();
  const auto ticking = must(Identity::open({.core = base.core,
                                            .local = base.local,
                                            .writer = base.writer,
                                            .peers = base.peers,
                                            .hashing = base.hashing,
                                            .disk = base.disk,
                                            .clock = clock,
                                            .entropy = base.entropy,
                                            .region = base.region,
                                            .issuer_base = base.issuer_base,
                                            .argon2 = base.argon2}));
  std::vector<std::future<Result<UserTokens>>> asked;
  while_the_disk_waits(4, [&] {
    for (int i = 0; i < 4; ++i) {
      asked.push_back(boost::asio::co_spawn(
          region_.io().next(),
          ticking->sign_in.refresh({.client = client.id, .proof = {}, .refresh_token = token, .origin = {}}),
          boost::asio::use_future));
    }
  });
  std::size_t taken = 0;
  for (auto& one : asked) {
    const auto tokens = one.get();
    if (tokens) ++taken;
    // Whoever comes third may meet the revocation that the second one's reuse led to.
    if (!tokens) {
      EXPECT_TRUE(tokens.error().code == "refresh_token_reuse" || tokens.error().code == "token_revoked")
          << tokens.error().describe();
    }
  }
  EXPECT_EQ(taken, 1U);
}

TEST_F(SessionTest, ASignOutEndsWhatAnotherRegionsFasterClockBegan) {
  const UserTokens ahead = sign_in(web_.id, "ada");
  region_.clock().jump(-std::chrono::seconds(30));
  must(region_.run(identity_.sessions.sign_out(pool_.id, ada_.id, test::operator_actor())));
  EXPECT_EQ(refresh_refusal(web_, ahead.refresh_token), "token_revoked");
  const UserTokens after = sign_in(web_.id, "ada");
  EXPECT_EQ(refresh_refusal(web_, after.refresh_token), "accepted") << "a later sign-in is not ended by it";
  EXPECT_TRUE(region_.run(identity_.tokens.verify_self_service(after.access_token)));
}

TEST_F(SessionTest, ASignOutEndsTheCallersOwnSessionThatHasNoRow) {
  region_.become_secondary();
  const UserTokens ahead = sign_in(web_.id, "ada");
  const auto user = must(region_.run(identity_.tokens.verify_self_service(ahead.access_token)));
  region_.become_primary();
  region_.clock().jump(-std::chrono::seconds(30));
  must(region_.run(identity_.sign_in.sign_out(user, {})));
  EXPECT_EQ(refresh_refusal(web_, ahead.refresh_token), "token_revoked");
}

TEST_F(SessionTest, ASecondSignOutNeverBringsSessionsBack) {
  const UserTokens ahead = sign_in(web_.id, "ada");
  must(region_.run(identity_.sessions.sign_out(pool_.id, ada_.id, test::operator_actor())));
  region_.clock().advance(std::chrono::days(40));
  must(region_.run(identity_.sessions.sweep(100)));
  region_.clock().jump(-std::chrono::days(50));
  must(region_.run(identity_.sessions.sign_out(pool_.id, ada_.id, test::operator_actor())));
  EXPECT_EQ(refresh_refusal(web_, ahead.refresh_token), "token_revoked");
}

TEST_F(SessionTest, ASecondSignOutAtASecondaryNeverBringsSessionsBack) {
  region_.become_secondary();
  region_.clock().advance(std::chrono::seconds(10));  // past the head
  const UserTokens ahead = sign_in(web_.id, "ada");
  const auto user = must(region_.run(identity_.tokens.verify_self_service(ahead.access_token)));
  must(region_.run(identity_.sign_in.sign_out(user, {})));
  region_.clock().jump(-std::chrono::seconds(30));
  must(region_.run(identity_.sessions.sign_out(pool_.id, ada_.id, test::operator_actor())));
  EXPECT_EQ(refresh_refusal(web_, ahead.refresh_token), "token_revoked");
  opened_.reset();
  const auto again = must(Identity::open(foundation()));
  EXPECT_EQ(region_.run(again->tokens.verify_self_service(ahead.access_token)).error().code, "token_revoked");
}

TEST_F(SessionTest, OfTwoSignOutsAtOnceTheFartherOneHolds) {
  region_.become_secondary();
  region_.clock().advance(std::chrono::seconds(10));  // past the head
  const UserTokens ahead = sign_in(web_.id, "ada");   // no row says when it began
  const auto user = must(region_.run(identity_.tokens.verify_self_service(ahead.access_token)));
  region_.become_primary();
  region_.clock().jump(-std::chrono::seconds(30));
  std::vector<std::future<Result<std::optional<region::CommitReceipt>>>> asked;
  while_the_disk_waits(2, [&] {
    asked.push_back(boost::asio::co_spawn(region_.io().next(), identity_.sign_in.sign_out(user, {}),
                                          boost::asio::use_future));
    while (region_.disk().threads().queued() < 1) std::this_thread::yield();
    asked.push_back(boost::asio::co_spawn(
        region_.io().next(), identity_.sessions.sign_out(pool_.id, ada_.id, test::operator_actor()),
        boost::asio::use_future));
  });
  for (auto& one : asked) must(one.get());
  EXPECT_EQ(refresh_refusal(web_, ahead.refresh_token), "token_revoked");
}

TEST_F(SessionTest, AnAdministratorsPasswordEndsWhatAFasterClockBegan) {
  const UserTokens ahead = sign_in(web_.id, "ada");
  region_.clock().jump(-std::chrono::seconds(30));
  must(region_.run(
      identity_.users.set_password(pool_.id, ada_.id, "Better-Horse-2", true, test::operator_actor())));
  EXPECT_EQ(region_.run(identity_.tokens.verify_self_service(ahead.access_token)).error().code,
            "token_revoked");
  const UserTokens after = sign_in(web_.id, "ada", "Better-Horse-2");
  EXPECT_TRUE(region_.run(identity_.tokens.verify_self_service(after.access_token)));
}

TEST_F(SessionTest, ASecondarySweepsItsOwnRows) {
  const Client client = rotating_client(std::chrono::seconds(0));
  const UserTokens rotated = sign_in(client.id, "ada");
  const UserTokens ended = sign_in(web_.id, "ada");
  region_.become_secondary();
  must(try_refresh(client.id, rotated.refresh_token));
  must(region_.run(identity_.sign_in.revoke(
      {.client = web_.id, .proof = {}, .refresh_token = ended.refresh_token, .origin = {}})));
  const auto rows = [&](const storage::LocalTable& table) {
    std::size_t count = 0;
    must(region_.local().scan(table, {}, {}, 100, [&](BytesView, BytesView) {
      ++count;
      return true;
    }));
    return count;
  };
  EXPECT_EQ(must(region_.run(identity_.sessions.sweep(100))), 0U);
  EXPECT_EQ(rows(local_sessions) + rows(local_revocations), 2U);
  region_.clock().advance(std::chrono::days(32));
  EXPECT_EQ(must(region_.run(identity_.sessions.sweep(100))), 2U);
  EXPECT_EQ(rows(local_sessions) + rows(local_revocations), 0U);
}

TEST_F(SessionTest, SweepingRemovesWhatIsOver) {
  sign_in(web_.id, "ada");
  sign_in(web_.id, "ada");
  EXPECT_EQ(must(region_.run(identity_.sessions.sweep(1))), 0U);
  region_.clock().advance(std::chrono::days(31));
  std::size_t gone = 0;
  for (int i = 0; i < 4; ++i) gone += must(region_.run(identity_.sessions.sweep(1)));
  EXPECT_EQ(gone, 2U);
  EXPECT_EQ(must(region_.run(identity_.sessions.sweep(100))), 0U);
}

}  // namespace
}  // namespace holdfast::identity
