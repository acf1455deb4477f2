#include "holdfast/identity/token_verifier.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "checked_tokens.h"
#include "holdfast/base/encoding.h"
#include "holdfast/crypto/jws.h"
#include "holdfast/identity/token_claims.h"
#include "identity_fixture.h"
#include "origin_jti.h"

namespace holdfast::identity {
namespace {

class VerifierTest : public test::IdentityTest {
 protected:
  std::string_view refusal(const std::string& token, const TokenDemand& demand) {
    const auto verified = verify(token, demand);
    return verified ? "accepted" : verified.error().code;
  }
  TokenDemand demand() {
    TokenDemand wanted;
    wanted.pool = pool_.id;
    return wanted;
  }
  /// Signed with the pool's own key: only the claims are wrong.
  std::string signed_by_the_pool(std::string_view payload) {
    const auto signer = *identity_.keys.signer(pool_.id);
    return must(crypto::sign_compact(signer->key, signer->header_json, payload));
  }
  std::string payload_of(const std::string& token) {
    const auto first = token.find('.');
    return *from_base64url(std::string_view(token).substr(first + 1, token.rfind('.') - first - 1));
  }
  std::string with(const std::string& token, const std::string& from, const std::string& to) {
    std::string payload = payload_of(token);
    const auto at = payload.find(from);
    EXPECT_NE(at, std::string::npos) << payload;
    return signed_by_the_pool(payload.replace(at, from.size(), to));
  }
  std::string machine_token(const Client& client, std::vector<std::string> scopes) {
    return must(identity_.issuer.issue(pool_, client, std::move(scopes))).access_token;
  }

  /// As a region that is cut off would sign them: with what it knows of the password, at its own time.
  UserTokens signed_elsewhere(std::uint64_t credential_version, WallTime began) {
    SealedClaims session = must(identity_.sessions.unseal(SealedKind::refresh_token, tokens_.refresh_token));
    session.credential_version = credential_version;
    session.started_at = began;
    session.origin_jti = new_origin_jti(began, crypto::system_entropy());
    return must(identity_.issuer.issue(pool_, web_, ada_, {}, session));
  }
  void reset_password() {
    must(region_.run(
        identity_.users.set_password(pool_.id, ada_.id, "Better-Horse-2", true, test::operator_actor())));
  }

  Pool pool_ = make_pool();
  Client web_ = make_client(pool_.id);
  Client machine_ = make_machine(pool_.id);
  User ada_ = make_user(pool_.id, "ada");
  UserTokens tokens_ = sign_in(web_.id, "ada");
};

TEST_F(VerifierTest, AGoodAccessTokenSaysWhoItIs) {
  const auto user = verify(tokens_.access_token, demand());
  ASSERT_TRUE(user) << user.error().describe();
  EXPECT_EQ(user->pool, pool_.id);
  EXPECT_EQ(user->client, web_.id);
  EXPECT_EQ(user->user, ada_.id);
  EXPECT_EQ(user->username, "ada");
  EXPECT_TRUE(user->has_scope(self_service_scope));
  EXPECT_FALSE(user->is_machine());
  EXPECT_TRUE(user->groups.empty());
}

TEST_F(VerifierTest, RubbishAndForeignSignaturesAreWorthless) {
  const Pool other = make_pool();
  TokenDemand elsewhere = demand();
  elsewhere.pool = other.id;
  EXPECT_EQ(refusal(tokens_.access_token, elsewhere), "invalid_token");
  for (const std::string& bad :
       {std::string(), std::string("a.b.c"), std::string("rubbish"), tokens_.refresh_token}) {
    EXPECT_EQ(refusal(bad, demand()), "invalid_token");
    EXPECT_EQ(region_.run(identity_.tokens.verify_self_service(bad)).error().code, "invalid_token");
  }
  std::string changed = tokens_.access_token;
  changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(refusal(changed, demand()), "invalid_token");
}

TEST_F(VerifierTest, TheAlgorithmIsTheKeysNotTheTokens) {
  const std::string payload = to_base64url(payload_of(tokens_.access_token));
  const std::string kid = (*identity_.keys.signer(pool_.id))->kid;
  for (const char* alg : {"none", "HS256", "RS256"}) {
    const std::string header =
        to_base64url(R"({"alg":")" + std::string(alg) + R"(","kid":")" + kid + R"("})");
    EXPECT_EQ(refusal(header + "." + payload + ".", demand()), "invalid_token") << alg;
    EXPECT_EQ(refusal(header + "." + payload + "." + to_base64url("x"), demand()), "invalid_token") << alg;
  }
}

TEST_F(VerifierTest, TheIssuerMustBeThePools) {
  EXPECT_EQ(refusal(with(tokens_.access_token, "auth.example.com", "evil.example.com"), demand()),
            "invalid_token");
}

TEST_F(VerifierTest, AnIdTokenOpensOnlyWhereItIsAccepted) {
  EXPECT_EQ(refusal(tokens_.id_token, demand()), "invalid_token");
  TokenDemand comments = demand();
  comments.accept_id_token = true;
  EXPECT_EQ(refusal(tokens_.id_token, comments), "accepted");
  EXPECT_EQ(verify(tokens_.id_token, comments)->token_use, TokenUse::id);
  EXPECT_EQ(
      refusal(with(tokens_.access_token, R"("token_use":"access")", R"("token_use":"other")"), comments),
      "invalid_token");
}

TEST_F(VerifierTest, AnAudienceMustNameThisService) {
  const std::string token = with(tokens_.access_token, R"("version":2)", R"("version":2,"aud":"photos")");
  EXPECT_EQ(refusal(token, demand()), "invalid_token");
  TokenDemand photos = demand();
  photos.audience = "photos";
  EXPECT_EQ(refusal(token, photos), "accepted");
}

TEST_F(VerifierTest, TokensExpire) {
  region_.clock().advance(std::chrono::minutes(59));
  EXPECT_EQ(refusal(tokens_.access_token, demand()), "accepted");
  region_.clock().advance(std::chrono::minutes(1));
  EXPECT_EQ(refusal(tokens_.access_token, demand()), "invalid_token");
}

TEST_F(VerifierTest, TheClientMustBeOneOfTheApps) {
  TokenDemand app = demand();
  app.clients = std::vector{machine_.id};
  EXPECT_EQ(refusal(tokens_.access_token, app), "wrong_client");
  app.clients->push_back(web_.id);
  EXPECT_EQ(refusal(tokens_.access_token, app), "accepted");
  must(region_.run(identity_.clients.remove(pool_.id, web_.id, test::operator_actor())));
  EXPECT_EQ(refusal(tokens_.access_token, app), "invalid_token");
}

TEST_F(VerifierTest, ADisabledOrDeletedUsersTokenOpensNothing) {
  must(region_.run(identity_.users.set_enabled(pool_.id, ada_.id, false, test::operator_actor())));
  EXPECT_EQ(refusal(tokens_.access_token, demand()), "token_revoked");
  must(region_.run(identity_.users.remove(pool_.id, ada_.id, test::operator_actor())));
  EXPECT_EQ(refusal(tokens_.access_token, demand()), "token_revoked");
}

TEST_F(VerifierTest, GroupsAreThoseOfTheTokenThatTheUserIsStillIn) {
  Group draft;
  draft.pool = pool_.id;
  for (const char* name : {"admin", "staff"}) {
    draft.name = name;
    must(region_.run(identity_.groups.create(draft, test::operator_actor())));
    must(region_.run(identity_.groups.add_member(pool_.id, name, ada_.id, test::operator_actor())));
  }
  EXPECT_TRUE(verify(tokens_.access_token, demand())->groups.empty()) << "joining comes with the next token";
  const std::string token = sign_in(web_.id, "ada").access_token;
  EXPECT_TRUE(verify(token, demand())->in_group("admin"));
  must(region_.run(identity_.groups.remove_member(pool_.id, "admin", ada_.id, test::operator_actor())));
  EXPECT_EQ(verify(token, demand())->groups, std::vector<std::string>{"staff"});
  must(region_.run(identity_.groups.remove(pool_.id, "staff", test::operator_actor())));
  EXPECT_TRUE(verify(token, demand())->groups.empty());
}

TEST_F(VerifierTest, MachinesOpenOnlyWhatTakesMachines) {
  const std::string token = machine_token(machine_, {"objects.read"});
  EXPECT_EQ(refusal(token, demand()), "wrong_party");
  TokenDemand objects = demand();
  objects.party = TokenDemand::Party::any;
  objects.machine_scopes = {"objects.read"};
  EXPECT_EQ(refusal(token, objects), "accepted");
  EXPECT_TRUE(verify(token, objects)->is_machine());
  EXPECT_EQ(refusal(tokens_.access_token, objects), "accepted");
  objects.machine_scopes = {"objects.write"};
  EXPECT_EQ(refusal(token, objects), "insufficient_scope");
  objects.party = TokenDemand::Party::machine;
  EXPECT_EQ(refusal(tokens_.access_token, objects), "wrong_party");
}

TEST_F(VerifierTest, SelfServiceNeedsItsScope) {
  EXPECT_TRUE(region_.run(identity_.tokens.verify_self_service(tokens_.access_token)));
  EXPECT_EQ(region_.run(identity_.tokens.verify_self_service(tokens_.id_token)).error().code,
            "invalid_token");
  EXPECT_EQ(region_.run(identity_.tokens.verify_self_service(machine_token(machine_, {"objects.read"})))
                .error()
                .code,
            "wrong_party");
  Client plain = web_;
  plain.scopes.clear();
  must(region_.run(identity_.clients.update(plain, test::operator_actor())));
  const std::string token = sign_in(web_.id, "ada").access_token;
  EXPECT_EQ(region_.run(identity_.tokens.verify_self_service(token)).error().code, "insufficient_scope");
}

// A signature that was found right is remembered: nothing else may be.
TEST_F(VerifierTest, WhatWasAcceptedOnceIsStillAskedForAllThatCanChange) {
  ASSERT_EQ(refusal(tokens_.access_token, demand()), "accepted");
  const Pool other = make_pool();
  TokenDemand elsewhere = demand();
  elsewhere.pool = other.id;
  EXPECT_EQ(refusal(tokens_.access_token, elsewhere), "invalid_token");
  for (const std::size_t at :
       {std::size_t{3}, tokens_.access_token.size() / 2, tokens_.access_token.size() - 9}) {
    std::string changed = tokens_.access_token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(refusal(changed, demand()), "invalid_token") << at;
  }
  TokenDemand app = demand();
  app.clients = std::vector{machine_.id};
  EXPECT_EQ(refusal(tokens_.access_token, app), "wrong_client");
  must(region_.run(identity_.users.set_enabled(pool_.id, ada_.id, false, test::operator_actor())));
  EXPECT_EQ(refusal(tokens_.access_token, demand()), "token_revoked");
  must(region_.run(identity_.users.set_enabled(pool_.id, ada_.id, true, test::operator_actor())));
  const UserTokens later = sign_in(web_.id, "ada");
  ASSERT_EQ(refusal(later.access_token, demand()), "accepted");
  must(region_.run(identity_.sessions.sign_out(pool_.id, ada_.id, test::operator_actor())));
  EXPECT_EQ(refusal(later.access_token, demand()), "token_revoked");
}

TEST_F(VerifierTest, AWithdrawnKeyVoidsWhatItOnceOpened) {
  ASSERT_EQ(refusal(tokens_.access_token, demand()), "accepted");
  must(region_.run(identity_.keys.rotate(pool_, true, test::operator_actor())));
  EXPECT_EQ(refusal(tokens_.access_token, demand()), "invalid_token");
}

// A sign-out ends what began before it; the version ends what an old password begins elsewhere afterwards.
TEST_F(VerifierTest, AnOldPasswordsTokensOpenNothingWheneverTheyBegan) {
  TokenDemand comments = demand();
  comments.accept_id_token = true;
  const UserTokens later = signed_elsewhere(1, region_.clock().now() + std::chrono::seconds(9));
  ASSERT_EQ(refusal(later.access_token, demand()), "accepted");
  ASSERT_EQ(refusal(later.id_token, comments), "accepted");
  reset_password();
  EXPECT_EQ(refusal(later.access_token, demand()), "token_revoked");
  EXPECT_EQ(refusal(later.id_token, comments), "token_revoked");
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(refusal(signed_elsewhere(2, region_.clock().now()).access_token, demand()), "accepted");
  EXPECT_EQ(refusal(signed_elsewhere(3, region_.clock().now()).access_token, demand()), "accepted")
      << "of a password that has not come here yet";
}

TEST_F(VerifierTest, TheUsersOwnChangeOfPasswordKeepsWhatHadBegun) {
  const auto user = must(verify(tokens_.access_token, demand()));
  region_.clock().advance(std::chrono::seconds(1));
  must(region_.run(identity_.sign_in.change_password(user, std::string(test::good_password), "Better-Horse-2",
                                                     {.address = "192.0.2.1", .request_id = "req-3"})));
  EXPECT_EQ(refusal(tokens_.access_token, demand()), "accepted");
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(refusal(signed_elsewhere(1, region_.clock().now()).access_token, demand()), "token_revoked");
}

TEST_F(VerifierTest, ASessionThatBeganAheadOutlivesItsOwnChangeOfPassword) {
  must(region_.run(identity_.sessions.sign_out(pool_.id, ada_.id, test::operator_actor())));
  const UserTokens tokens = sign_in(web_.id, "ada");
  const auto user = must(verify(tokens.access_token, demand()));
  must(region_.run(identity_.sign_in.change_password(user, std::string(test::good_password), "Better-Horse-2",
                                                     {.address = "192.0.2.1", .request_id = "req-3"})));
  EXPECT_EQ(refusal(tokens.access_token, demand()), "accepted");
}

// Of a version that did not write the claim yet: good until it expires or a sign-out ends it.
TEST_F(VerifierTest, ATokenWithoutACredentialVersionIsEndedBySignOuts) {
  const std::string older = with(tokens_.access_token, R"("credential_version":1,)", "");
  EXPECT_EQ(refusal(older, demand()), "accepted");
  reset_password();
  EXPECT_EQ(refusal(older, demand()), "token_revoked");
  const UserTokens later = signed_elsewhere(1, region_.clock().now() + std::chrono::seconds(9));
  EXPECT_EQ(refusal(with(later.access_token, R"("credential_version":1,)", ""), demand()), "accepted");
}

TEST(CheckedTokens, ForgetTheHalfThatWasUsedLeastLately) {
  CheckedTokens tokens(2);
  const auto claims = std::make_shared<const ReadClaims>();
  for (const char* digest : {"a", "b", "c"}) tokens.keep(digest, claims);
  EXPECT_EQ(tokens.find("b"), claims);
  tokens.keep("d", claims);  // forgets "a"
  EXPECT_EQ(tokens.find("a"), nullptr);
  for (const char* digest : {"b", "c", "d"}) EXPECT_EQ(tokens.find(digest), claims) << digest;
  for (int i = 0; i < 100; ++i) {
    tokens.keep(std::to_string(i), claims);
    EXPECT_LE(tokens.size(), 4U);
    EXPECT_EQ(tokens.find(std::to_string(i)), claims);
  }
}

TEST_F(VerifierTest, ASecondaryVerifiesTheSame) {
  region_.become_secondary();
  EXPECT_EQ(refusal(tokens_.access_token, demand()), "accepted");
  // Remembered there alone, and yet before what was kept of the log's rows.
  must(region_.run(identity_.sessions.sign_out(pool_.id, ada_.id, test::operator_actor())));
  EXPECT_EQ(refusal(tokens_.access_token, demand()), "token_revoked");
}

// What is kept of sessions and users between requests follows each change, there and back.
TEST_F(VerifierTest, EachChangeCountsForTheNextRequest) {
  const auto& token = tokens_.access_token;
  for (int turn = 0; turn < 2; ++turn) {
    ASSERT_EQ(refusal(token, demand()), "accepted");
    must(region_.run(identity_.users.set_enabled(pool_.id, ada_.id, false, test::operator_actor())));
    EXPECT_EQ(refusal(token, demand()), "token_revoked");
    must(region_.run(identity_.users.set_enabled(pool_.id, ada_.id, true, test::operator_actor())));
  }
  const UserTokens other = sign_in(web_.id, "ada");
  ASSERT_EQ(refusal(other.access_token, demand()), "accepted");
  const auto claims = must(identity_.sessions.unseal(SealedKind::refresh_token, tokens_.refresh_token));
  must(region_.run(identity_.sessions.revoke(claims, test::operator_actor())));
  EXPECT_EQ(refusal(token, demand()), "token_revoked");
  EXPECT_EQ(refusal(other.access_token, demand()), "accepted");
  must(region_.run(identity_.users.remove(pool_.id, ada_.id, test::operator_actor())));
  EXPECT_EQ(refusal(other.access_token, demand()), "token_revoked");
}

}  // namespace
}  // namespace holdfast::identity
