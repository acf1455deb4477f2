#include "holdfast/api/app_authenticator.h"

#include "app_parts.h"
#include "holdfast/apps/pool_check.h"
#include "identity_fixture.h"

namespace holdfast::api {
namespace {

using http::AuthLevel;
using http::Method;

/// Real tokens of a real pool against the apps that accept them, or do not.
class AppAuthenticatorTest : public test::IdentityTest {
 protected:
  void SetUp() override {
    must(register_app("photos", {web_.id, machine_.id}));
    must(register_app("other", {}));
    must(region_.run(buckets_.create("photos-bucket", AppId("photos"), test::operator_actor())));
    make_user(pool_.id, "ada");
  }

  Result<identity::Written<apps::App>> register_app(std::string id, std::vector<ClientId> clients) {
    return region_.run(
        apps_.create({.id = AppId(std::move(id)), .pool = pool_.id, .clients = std::move(clients)},
                     test::operator_actor()));
  }

  Result<http::Principal> authenticate(Method method, std::string name, std::string value,
                                       std::string authorization) {
    http::Request request;
    request.method = method;
    request.params = {{.name = name, .raw = value, .value = value}};
    request.received_at = received_at_;
    if (!authorization.empty()) request.headers.add("Authorization", authorization);
    return region_.run(authenticator_(&request, AuthLevel::user));
  }
  Result<http::Principal> comment_with(const std::string& token, std::string app = "photos") {
    return authenticate(Method::post, "app", std::move(app), "Bearer " + token);
  }
  static std::string code_of(const Result<http::Principal>& result) {
    return result ? "ok" : std::string(result.error().code);
  }

  identity::Pool pool_ = make_pool();
  identity::Client web_ = make_client(pool_.id);
  identity::Client machine_ = make_machine(pool_.id);
  std::unique_ptr<region::FactExchange> facts_ = test::open_facts(region_);
  apps::AppService apps_{
      test::app_parts(region_, *facts_, apps::pool_check(identity_.pools, identity_.clients))};
  objects::BucketService buckets_{region_.core(), region_.writer(), apps_, region_.clock()};
  SteadyTime received_at_{};
  http::Authenticator authenticator_ = app_authenticator(apps_, buckets_, identity_.tokens);
};

TEST_F(AppAuthenticatorTest, AUsersAccessTokenOpensItsApp) {
  const auto tokens = sign_in(web_.id, "ada");
  const auto opened = comment_with(tokens.access_token);
  ASSERT_TRUE(opened) << opened.error().describe();
  const auto* user = opened->as<identity::VerifiedUser>();
  ASSERT_NE(user, nullptr);
  EXPECT_EQ(user->username, "ada");
  EXPECT_EQ(code_of(authenticate(Method::put, "bucket", "photos-bucket", "bearer " + tokens.access_token)),
            "ok");
  EXPECT_EQ(code_of(authenticate(Method::get, "bucket", "photos-bucket", "Bearer " + tokens.access_token)),
            "ok");
}

TEST_F(AppAuthenticatorTest, OnlyTheAppsClientsOpenIt) {
  EXPECT_EQ(code_of(comment_with(sign_in(web_.id, "ada").access_token, "other")), "wrong_client");
}

TEST_F(AppAuthenticatorTest, IdTokensOpenCommentsOnlyWhereTheAppSaysSo) {
  const auto tokens = sign_in(web_.id, "ada");
  EXPECT_EQ(comment_with(tokens.id_token).error().kind, ErrorKind::unauthenticated);
  must(region_.run(apps_.update(AppId("photos"), {.accept_id_token = true}, test::operator_actor())));
  EXPECT_EQ(code_of(comment_with(tokens.id_token)), "ok");
  EXPECT_EQ(authenticate(Method::get, "bucket", "photos-bucket", "Bearer " + tokens.id_token).error().kind,
            ErrorKind::unauthenticated);
}

TEST_F(AppAuthenticatorTest, CredentialsAreNeeded) {
  for (const auto* header : {"", "Bearer", "Bearer ", "Basic YTpi", "Bearer x.y.z"}) {
    const auto refused = authenticate(Method::post, "app", "photos", header);
    ASSERT_FALSE(refused) << header;
    EXPECT_EQ(refused.error().kind, ErrorKind::unauthenticated) << header;
  }
}

TEST_F(AppAuthenticatorTest, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(code_of(comment_with("t", "none")), "not_found");
  EXPECT_EQ(code_of(authenticate(Method::get, "bucket", "none", "Bearer t")), "no_such_bucket");
}

TEST_F(AppAuthenticatorTest, OtherRowsAreNotItsBusiness) {
  EXPECT_EQ(authenticate(Method::get, "pool", "p", "Bearer t").error().kind, ErrorKind::unauthenticated);
}

TEST_F(AppAuthenticatorTest, AppsNamePoolsAndClientsThatExist) {
  EXPECT_EQ(register_app("x", {ClientId("nobody")}).error().code, "invalid_app");
  const auto foreign =
      region_.run(apps_.create({.id = AppId("x"), .pool = PoolId("us-east-1_None")}, test::operator_actor()));
  EXPECT_EQ(foreign.error().code, "invalid_app");
}

// Uploads are judged again when their bytes are there.
TEST_F(AppAuthenticatorTest, AtTheEndOfARequestAllCountsButThatTheTokenExpired) {
  authenticator_ = app_authenticator_at_the_end(apps_, buckets_, identity_.tokens);
  const auto first = sign_in(web_.id, "ada");
  received_at_ = system_clock().steady_now();
  const auto put_with = [&](const identity::UserTokens& tokens) {
    return code_of(authenticate(Method::put, "bucket", "photos-bucket", "Bearer " + tokens.access_token));
  };
  EXPECT_EQ(put_with(first), "ok");
  region_.clock().advance(std::chrono::hours(2));
  EXPECT_EQ(put_with(first), "ok") << "it was good when the upload began";
  received_at_ -= std::chrono::hours(25);
  EXPECT_EQ(put_with(first), "invalid_token") << "more than a day ago";
  const auto second = sign_in(web_.id, "ada");
  EXPECT_EQ(put_with(second), "ok");
  received_at_ = system_clock().steady_now();
  const auto claims =
      must(identity_.sessions.unseal(identity::SealedKind::refresh_token, first.refresh_token));
  must(region_.run(identity_.sessions.revoke(claims, test::operator_actor())));
  EXPECT_EQ(put_with(first), "token_revoked");
  EXPECT_EQ(put_with(second), "ok");
}

}  // namespace
}  // namespace holdfast::api
