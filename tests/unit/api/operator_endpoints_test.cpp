#include "admin_fixture.h"

namespace holdfast::api {
namespace {

using Json = nlohmann::json;

class OperatorEndpoints : public AdminApiTest {
 protected:
  Json make_bob() {
    const auto created =
        post("/admin/v1/operators", {{"name", "Bob"}, {"email", "bob@example.com"}, {"phone", "+15550101"}});
    EXPECT_EQ(created.status, 201) << created.json;
    EXPECT_TRUE(created.has_position());
    return created.json;
  }
  std::string path_of(const Json& person) {
    return "/admin/v1/operators/" + person.at("id").get<std::string>();
  }
  int status_with(const Json& token, std::string_view target = "/admin/v1/pools") {
    return send(http::Method::get, target, "", "Bearer " + token.at("token").get<std::string>()).status;
  }
};

TEST_F(OperatorEndpoints, AnOperatorIsMadeShownListedAndDisabled) {
  const Json bob = make_bob();
  EXPECT_EQ(get(path_of(bob)).json, bob);
  const auto list = get("/admin/v1/operators").json.at("operators");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].at("name"), "Ada") << "by name";
  EXPECT_EQ(list[1], bob);

  const auto token = post(path_of(bob) + "/tokens", {{"name", "laptop"}, {"scopes", {"read"}}});
  ASSERT_EQ(token.status, 201) << token.json;
  EXPECT_EQ(status_with(token.json), 200);
  const auto disabled = post(path_of(bob) + "/disable");
  EXPECT_EQ(disabled.json.at("enabled"), false) << disabled.json;
  EXPECT_TRUE(disabled.has_position());
  EXPECT_EQ(status_with(token.json), 401);
  EXPECT_EQ(post(path_of(bob) + "/disable").code(), "state_unchanged");
  EXPECT_EQ(post(path_of(bob) + "/enable").json.at("enabled"), true);
  EXPECT_EQ(status_with(token.json), 200);
}

TEST_F(OperatorEndpoints, ATokenIsShownOnceAndIsThisRegionsUnlessItNamesAnother) {
  const std::string tokens = "/admin/v1/operators/" + operator_id_ + "/tokens";
  const auto here = post(tokens, {{"name", "laptop"}, {"scopes", {"read"}}, {"lifetimeSeconds", 60}});
  ASSERT_EQ(here.status, 201) << here.json;
  EXPECT_TRUE(here.has_position());
  EXPECT_EQ(here.json.at("region"), "us-east-1");
  EXPECT_EQ(here.json.at("expiresAt"), to_rfc3339(region_.clock().now() + std::chrono::seconds(60)));
  EXPECT_EQ(status_with(here.json), 200);
  const auto there = post(tokens, {{"name", "x"}, {"scopes", {"read"}}, {"region", "eu-west-1"}});
  EXPECT_EQ(there.json.at("region"), "eu-west-1");
  EXPECT_EQ(status_with(there.json), 401);

  const auto list = get("/admin/v1/admin-tokens").json;
  EXPECT_EQ(list.at("tokens").size(), 3U) << "the fixture's too";
  EXPECT_EQ(list.dump().find("hfa_"), std::string::npos);
  region_.clock().advance(std::chrono::seconds(60));
  EXPECT_EQ(status_with(here.json), 401);
}

TEST_F(OperatorEndpoints, ARevokedTokenOpensNothing) {
  const std::string tokens = "/admin/v1/operators/" + operator_id_ + "/tokens";
  const auto token = post(tokens, {{"name", "laptop"}, {"scopes", {"read"}}}).json;
  const std::string path = "/admin/v1/admin-tokens/" + token.at("id").get<std::string>();
  ASSERT_EQ(status_with(token), 200);
  const auto revoked = remove(path);
  EXPECT_EQ(revoked.status, 204);
  EXPECT_TRUE(revoked.has_position());
  EXPECT_EQ(status_with(token), 401);
  EXPECT_EQ(remove(path).code(), "not_found");
}

TEST_F(OperatorEndpoints, WhatIsWrongIsNamed) {
  EXPECT_EQ(post("/admin/v1/operators", {{"name", "Bob"}}).code(), "missing_field");
  EXPECT_EQ(post("/admin/v1/operators", {{"name", "B"}, {"email", "b"}, {"phone", "+15550101"}}).code(),
            "invalid_operator");
  EXPECT_EQ(get("/admin/v1/operators/nobody").code(), "not_found");
  EXPECT_EQ(post("/admin/v1/operators/nobody/disable").code(), "not_found");
  const std::string tokens = "/admin/v1/operators/" + operator_id_ + "/tokens";
  const auto code = [&](Json changes) {
    Json body = {{"name", "x"}, {"scopes", {"read"}}};
    body.update(changes);
    return post(tokens, body).code();
  };
  EXPECT_EQ(code({{"scopes", {"root"}}}), "invalid_admin_token");
  EXPECT_EQ(code({{"scopes", Json::array()}}), "invalid_admin_token");
  EXPECT_EQ(code({{"lifetimeSeconds", 400 * 86400}}), "invalid_admin_token");
  EXPECT_EQ(code({{"lifetimeSeconds", 0}}), "invalid_admin_token");
  EXPECT_EQ(code({{"region", ""}}), "invalid_region_name") << "no token for every region";
  EXPECT_EQ(code({{"token", "mine"}}), "unknown_field");
  EXPECT_EQ(post("/admin/v1/operators/nobody/tokens", {{"name", "x"}, {"scopes", {"read"}}}).code(),
            "not_found");
}

}  // namespace
}  // namespace holdfast::api
