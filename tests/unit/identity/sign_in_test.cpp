#include <gtest/gtest.h>

#include "holdfast/crypto/jws.h"
#include "holdfast/identity/client_rules.h"
#include "holdfast/identity/token_claims.h"
#include "identity_fixture.h"
#include "tables.h"

namespace holdfast::identity {
namespace {

using test::good_password;

class SignInTest : public test::IdentityTest {
 protected:
  NewPasswordChallenge challenge(std::string username, std::string password = std::string(good_password)) {
    return std::get<NewPasswordChallenge>(
        must(try_sign_in(web_.id, std::move(username), std::move(password))));
  }
  Result<UserTokens> answer(std::string session, std::string username, std::string new_password,
                            Attributes attributes = {}) {
    return region_.run(identity_.sign_in.answer({.client = web_.id,
                                                 .proof = {},
                                                 .session = std::move(session),
                                                 .username = std::move(username),
                                                 .new_password = std::move(new_password),
                                                 .attributes = std::move(attributes),
                                                 .origin = {}}));
  }
  std::string_view refusal(std::string username, std::string password = std::string(good_password)) {
    const auto outcome = try_sign_in(web_.id, std::move(username), std::move(password));
    return outcome ? "accepted" : outcome.error().code;
  }

  Pool pool_ = make_pool();
  Client web_ = make_client(pool_.id);
};

TEST_F(SignInTest, ARightPasswordGivesThreeTokensOfOneFamily) {
  const User ada = make_user(pool_.id, "ada");
  const UserTokens tokens = sign_in(web_.id, "ada");
  EXPECT_EQ(tokens.expires_in, std::chrono::hours(1));
  EXPECT_FALSE(tokens.refresh_token.empty());
  ASSERT_TRUE(tokens.receipt);
  const auto signer = *identity_.keys.signer(pool_.id);
  const auto access =
      must(read_claims(must(crypto::verify_compact(tokens.access_token, signer->key.public_key())).payload));
  const auto id =
      must(read_claims(must(crypto::verify_compact(tokens.id_token, signer->key.public_key())).payload));
  EXPECT_EQ(access.issuer, "https://auth.example.com/" + pool_.id.str());
  EXPECT_EQ(access.subject, ada.id.str());
  EXPECT_EQ(access.origin_jti, id.origin_jti);
  EXPECT_NE(access.jti, id.jti);
  EXPECT_EQ(access.scopes, std::vector<std::string>{std::string(self_service_scope)});
  EXPECT_EQ(id.client, web_.id.str());
}

TEST_F(SignInTest, UsernamesMatchWithoutRegardToCase) {
  make_user(pool_.id, "Ada");
  EXPECT_EQ(refusal("aDA"), "accepted");
}

TEST_F(SignInTest, WrongPasswordAndUnknownUserAreOneAnswer) {
  make_user(pool_.id, "ada");
  const auto wrong = try_sign_in(web_.id, "ada", "Wrong-Horse-1");
  const auto unknown = try_sign_in(web_.id, "nobody");
  ASSERT_FALSE(wrong);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(wrong.error(), unknown.error());
  EXPECT_EQ(wrong.error().code, "not_authorized");
  EXPECT_EQ(wrong.error().message, "Incorrect username or password.");
  EXPECT_EQ(try_sign_in(web_.id, "ada", std::string(5000, 'x')).error(), wrong.error());
  EXPECT_EQ(try_sign_in(web_.id, "ada", "").error(), wrong.error());
}

TEST_F(SignInTest, UnknownClientsAndFlowsAreRefused) {
  make_user(pool_.id, "ada");
  EXPECT_EQ(try_sign_in(ClientId("abcdefghijklmnopqrstuvwxyz"), "ada").error().code, "client_not_found");
  EXPECT_EQ(try_sign_in(make_machine(pool_.id).id, "ada").error().code, "flow_not_enabled");
  Client changed = web_;
  changed.enabled = false;
  must(region_.run(identity_.clients.update(changed, test::operator_actor())));
  EXPECT_EQ(refusal("ada"), "client_not_found");
}

TEST_F(SignInTest, AConfidentialClientBringsTheRightSecretHash) {
  make_user(pool_.id, "ada");
  Client draft;
  draft.pool = pool_.id;
  draft.name = "server";
  draft.flows = {Flow::user_password, Flow::refresh_token};
  const Client server =
      must(region_.run(identity_.clients.create(draft, true, test::operator_actor()))).value;
  EXPECT_EQ(try_sign_in(server.id, "ada").error().code, "secret_hash_missing");
  EXPECT_EQ(try_sign_in(server.id, "ada", std::string(good_password), {.secret_hash = "AAAA", .secret = {}})
                .error()
                .code,
            "secret_hash_wrong");
  const auto outcome = try_sign_in(server.id, "ada", std::string(good_password),
                                   {.secret_hash = secret_hash(server, "ada"), .secret = {}});
  ASSERT_TRUE(outcome) << outcome.error().describe();
  const auto& tokens = std::get<UserTokens>(*outcome);
  EXPECT_EQ(try_refresh(server.id, tokens.refresh_token).error().code, "secret_hash_missing");
  EXPECT_TRUE(try_refresh(server.id, tokens.refresh_token,
                          {.secret_hash = secret_hash(server, "ada"), .secret = {}}));
  EXPECT_TRUE(try_refresh(server.id, tokens.refresh_token, {.secret_hash = {}, .secret = server.secret}));
  EXPECT_EQ(try_sign_in(web_.id, "ada", std::string(good_password), {.secret_hash = "AAAA", .secret = {}})
                .error()
                .code,
            "secret_hash_wrong");
}

TEST_F(SignInTest, OnlyUsersWhoMaySignInDo) {
  const User ada = make_user(pool_.id, "ada");
  must(region_.run(identity_.users.set_enabled(pool_.id, ada.id, false, test::operator_actor())));
  EXPECT_EQ(refusal("ada"), "user_disabled");
  EXPECT_EQ(refusal("ada", "Wrong-Horse-1"), "not_authorized") << "only the right password learns more";
  must(region_.run(identity_.users.set_enabled(pool_.id, ada.id, true, test::operator_actor())));
  EXPECT_EQ(refusal("ada"), "accepted");
}

TEST_F(SignInTest, ATemporaryPasswordLeadsToAChallengeAndTheAnswerToTokens) {
  const User ada = make_user(pool_.id, "ada", false);
  const NewPasswordChallenge asked = challenge("ada");
  EXPECT_EQ(asked.user.id, ada.id);
  EXPECT_EQ(answer(asked.session, "ada", "short").error().code, "invalid_password");
  EXPECT_EQ(answer(asked.session, "bob", "Better-Horse-2").error().code, "invalid_session");
  EXPECT_EQ(answer("AAAA", "ada", "Better-Horse-2").error().code, "invalid_session");
  const auto tokens = answer(asked.session, "ada", "Better-Horse-2");
  ASSERT_TRUE(tokens) << tokens.error().describe();
  EXPECT_EQ(must(identity_.users.get(pool_.id, ada.id)).status, UserStatus::confirmed);
  EXPECT_TRUE(try_refresh(web_.id, tokens->refresh_token))
      << "the new session is of the new credential version";
  EXPECT_EQ(answer(asked.session, "ada", "Third-Horse-3").error().code, "invalid_session") << "single use";
  EXPECT_EQ(refusal("ada"), "not_authorized");
  EXPECT_EQ(refusal("ada", "Better-Horse-2"), "accepted");
}

TEST_F(SignInTest, AChallengeExpiresAndDiesWithItsPassword) {
  const User ada = make_user(pool_.id, "ada", false);
  const std::string late = challenge("ada").session;
  region_.clock().advance(std::chrono::minutes(3));
  EXPECT_EQ(answer(late, "ada", "Better-Horse-2").error().code, "invalid_session");
  const std::string outdated = challenge("ada").session;
  must(region_.run(
      identity_.users.set_password(pool_.id, ada.id, "Fresh-Temp-9", false, test::operator_actor())));
  EXPECT_EQ(answer(outdated, "ada", "Better-Horse-2").error().code, "invalid_session");
  EXPECT_EQ(try_refresh(web_.id, outdated).error().code, "invalid_token")
      << "a challenge is no refresh token";
}

TEST_F(SignInTest, ATemporaryPasswordExpires) {
  make_user(pool_.id, "ada", false);
  region_.clock().advance(std::chrono::days(7));
  EXPECT_EQ(refusal("ada"), "temporary_password_expired");
}

TEST_F(SignInTest, TheAnswerMayBringOnlyAttributesThatAreWritable) {
  make_user(pool_.id, "ada", false);
  const std::string session = challenge("ada").session;
  EXPECT_EQ(answer(session, "ada", "Better-Horse-2", {{"nickname", "a"}}).error().code, "invalid_attribute");
  EXPECT_EQ(answer(session, "ada", "Better-Horse-2", {{"email_verified", "true"}}).error().code,
            "invalid_attribute");
  Client changed = web_;
  changed.writable_attributes = {"nickname"};
  must(region_.run(identity_.clients.update(changed, test::operator_actor())));
  EXPECT_TRUE(answer(session, "ada", "Better-Horse-2", {{"nickname", "a"}}));
  EXPECT_EQ(must(identity_.users.get_by_username(pool_.id, "ada")).attributes.at("nickname"), "a");
}

TEST_F(SignInTest, TheAnswerGivesARequiredAttributeOnlyWhereItIsMissing) {
  make_user(pool_.id, "ada", false);
  Pool changed = pool_;
  changed.required_attributes = {"email", "nickname"};
  must(region_.run(identity_.pools.update(changed, test::operator_actor())));
  const NewPasswordChallenge asked = challenge("ada");
  EXPECT_EQ(asked.required_attributes, std::vector<std::string>{"nickname"});
  EXPECT_EQ(
      answer(asked.session, "ada", "Better-Horse-2", {{"nickname", "a"}, {"email", "mallory@example.com"}})
          .error()
          .code,
      "invalid_attribute");
  EXPECT_TRUE(answer(asked.session, "ada", "Better-Horse-2", {{"nickname", "a"}}));
  EXPECT_EQ(must(identity_.users.get_by_username(pool_.id, "ada")).attributes.at("email"), "ada@example.com");
}

TEST_F(SignInTest, AttributesAndPasswordOfAnAnswerAreOneWrite) {
  const User ada = make_user(pool_.id, "ada", false);
  Pool changed = pool_;
  changed.required_attributes = {"nickname"};
  must(region_.run(identity_.pools.update(changed, test::operator_actor())));
  const std::string session = challenge("ada").session;
  // What comes between two writes: this region may not write any more.
  const auto lost = region_.core().observe(users_table, [&](BytesView, bool) { region_.become_secondary(); });
  const auto answered = answer(session, "ada", "Better-Horse-2", {{"nickname", "a"}});
  EXPECT_TRUE(answered) << answered.error().describe();
  const User after = must(identity_.users.get(pool_.id, ada.id));
  EXPECT_EQ(after.attributes.at("nickname"), "a");
  EXPECT_EQ(after.status, UserStatus::confirmed) << "half an answer cannot be given again";
}

TEST_F(SignInTest, ASecondarySignsInButSetsNoPassword) {
  make_user(pool_.id, "ada");
  make_user(pool_.id, "new", false);
  region_.become_secondary();
  const UserTokens tokens = sign_in(web_.id, "ada");
  EXPECT_FALSE(tokens.receipt);
  EXPECT_TRUE(try_refresh(web_.id, tokens.refresh_token));
  const auto refused = answer(challenge("new").session, "new", "Better-Horse-2");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "read_only_region");
  EXPECT_NE(refused.error().message.find("https://us-east-1.example:8443"), std::string::npos);
}

TEST_F(SignInTest, ChangingThePasswordNeedsTheOldOneAndKeepsSessions) {
  make_user(pool_.id, "ada");
  const UserTokens tokens = sign_in(web_.id, "ada");
  const auto user = must(region_.run(identity_.tokens.verify_self_service(tokens.access_token)));
  const auto change = [&](std::string old_password, std::string new_password) {
    return region_.run(
        identity_.sign_in.change_password(user, std::move(old_password), std::move(new_password), {}));
  };
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(change("Wrong-Horse-1", "Better-Horse-2").error().code, "not_authorized");
  EXPECT_EQ(change(std::string(good_password), "weak").error().code, "invalid_password");
  ASSERT_TRUE(change(std::string(good_password), "Better-Horse-2"));
  EXPECT_EQ(refusal("ada"), "not_authorized");
  EXPECT_EQ(refusal("ada", "Better-Horse-2"), "accepted");
  EXPECT_TRUE(try_refresh(web_.id, tokens.refresh_token));
  region_.become_secondary();
  EXPECT_EQ(change("Better-Horse-2", "Third-Horse-3").error().code, "read_only_region");
}

TEST_F(SignInTest, AnAdministratorsPasswordEndsEverySession) {
  const User ada = make_user(pool_.id, "ada");
  const UserTokens tokens = sign_in(web_.id, "ada");
  region_.clock().advance(std::chrono::seconds(1));
  must(region_.run(
      identity_.users.set_password(pool_.id, ada.id, "Better-Horse-2", true, test::operator_actor())));
  EXPECT_EQ(try_refresh(web_.id, tokens.refresh_token).error().code, "token_revoked");
  EXPECT_EQ(region_.run(identity_.tokens.verify_self_service(tokens.access_token)).error().code,
            "token_revoked");
  region_.clock().advance(std::chrono::milliseconds(1));
  EXPECT_TRUE(try_refresh(web_.id, sign_in(web_.id, "ada", "Better-Horse-2").refresh_token));
}

TEST_F(SignInTest, WithoutAnActiveKeyNothingIsWritten) {
  make_user(pool_.id, "ada");
  region::Member member;
  member.name = RegionName("eu-west-1");
  auto transaction = region_.core().transaction();
  must(region::Members::put(transaction, member));
  region_.store().commit(std::move(transaction));
  const Pool fresh = make_pool();
  const Client client = make_client(fresh.id);
  make_user(fresh.id, "bob");
  const auto before = region_.core().applied().index;
  EXPECT_EQ(try_sign_in(client.id, "bob").error().code, "signing_key_pending");
  EXPECT_EQ(region_.core().applied().index, before);
}

TEST_F(SignInTest, ASecondaryThatIsCutOffForTooLongChecksNoPasswords) {
  make_user(pool_.id, "ada");
  Foundation base = foundation();
  base.max_stale_sign_in = std::chrono::seconds(60);
  const auto limited = must(Identity::open(base));
  const auto code = [&] {
    const auto outcome = region_.run(limited->sign_in.sign_in({.client = web_.id,
                                                               .proof = {},
                                                               .username = "ada",
                                                               .password = std::string(good_password),
                                                               .origin = {}}));
    return outcome ? "accepted" : outcome.error().code;
  };
  region_.become_secondary();
  region_.state().primary_silent(region_.clock().steady_now());
  region_.clock().advance(std::chrono::seconds(60));
  EXPECT_EQ(code(), "accepted");
  const std::string token = sign_in(web_.id, "ada").refresh_token;
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(code(), "cut_off_too_long");
  EXPECT_TRUE(region_.run(
      limited->sign_in.refresh({.client = web_.id, .proof = {}, .refresh_token = token, .origin = {}})));
  EXPECT_EQ(refusal("ada"), "accepted") << "without a limit";
  region_.become_secondary();
  EXPECT_EQ(code(), "accepted") << "the primary is heard again";
}

}  // namespace
}  // namespace holdfast::identity
