#include "admin_fixture.h"

namespace holdfast::api {
namespace {

using Json = nlohmann::json;

constexpr std::string_view first_password = "Temporary-1-Lantern";

class UserEndpoints : public AdminApiTest {
 protected:
  std::string path_ = make_pool_path();
  std::string users_ = path_ + "/users";
  ClientId client_ = make_client(pool_id()).id;

  PoolId pool_id() const { return PoolId(path_.substr(path_.rfind('/') + 1)); }

  Json make_ada() {
    const auto created =
        post(users_, {{"username", "ada"},
                      {"temporaryPassword", first_password},
                      {"attributes", {{"email", "ada@example.com"}, {"email_verified", "true"}}}});
    EXPECT_EQ(created.status, 201) << created.json;
    EXPECT_TRUE(created.has_position());
    return created.json;
  }
  bool signs_in(std::string_view password) {
    const auto outcome = try_sign_in(client_, "ada", std::string(password));
    return outcome && std::holds_alternative<identity::UserTokens>(*outcome);
  }
};

TEST_F(UserEndpoints, AUserWithATemporaryPassword) {
  const Json ada = make_ada();
  EXPECT_EQ(ada.at("status"), "FORCE_CHANGE_PASSWORD");
  EXPECT_EQ(ada.at("enabled"), true);
  EXPECT_EQ(ada.at("attributes"), Json({{"email", "ada@example.com"}, {"email_verified", "true"}}));
  EXPECT_FALSE(ada.contains("temporaryPassword")) << "the caller knows it";
  EXPECT_EQ(get(users_ + "/ada").json, ada);
  EXPECT_EQ(get(users_ + "/ADA").json, ada) << "usernames have no case in this pool";
  EXPECT_EQ(get(users_ + "/" + ada.at("sub").get<std::string>()).json, ada);
}

TEST_F(UserEndpoints, ATemporaryPasswordIsDrawnWhereNoneIsGiven) {
  const auto created = post(users_, {{"username", "ada"}});
  ASSERT_EQ(created.status, 201);
  const auto outcome = try_sign_in(client_, "ada", created.json.at("temporaryPassword").get<std::string>());
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(std::holds_alternative<identity::UserTokens>(*outcome)) << "it must be changed first";
}

TEST_F(UserEndpoints, APasswordSetForGoodSignsIn) {
  const auto created = post(users_, {{"username", "ada"}, {"password", first_password}});
  ASSERT_EQ(created.status, 201) << created.json;
  EXPECT_EQ(created.json.at("status"), "CONFIRMED");
  EXPECT_TRUE(signs_in(first_password));

  const auto set =
      put(users_ + "/ada/password", {{"password", "Stone-7-Harbour-Light"}, {"permanent", true}});
  ASSERT_EQ(set.status, 200) << set.json;
  EXPECT_TRUE(set.has_position());
  EXPECT_EQ(set.json.at("status"), "CONFIRMED");
  EXPECT_FALSE(signs_in(first_password));
  EXPECT_TRUE(signs_in("Stone-7-Harbour-Light"));

  EXPECT_EQ(put(users_ + "/ada/password", {{"password", first_password}}).json.at("status"),
            "FORCE_CHANGE_PASSWORD");
}

TEST_F(UserEndpoints, AttributesAreChangedOneByOneAndRemovedByNull) {
  make_ada();
  const auto changed =
      put(users_ + "/ada/attributes", {{"attributes", {{"name", "Ada L."}, {"email_verified", nullptr}}}});
  ASSERT_EQ(changed.status, 200) << changed.json;
  EXPECT_TRUE(changed.has_position());
  EXPECT_EQ(changed.json.at("attributes"), Json({{"email", "ada@example.com"}, {"name", "Ada L."}}));
  EXPECT_EQ(put(users_ + "/ada/attributes", {{"attributes", {{"email", "no address"}}}}).code(),
            "invalid_attribute");
  EXPECT_EQ(put(users_ + "/ada/attributes", {{"attributes", {{"email", 7}}}}).code(), "invalid_field");
  EXPECT_EQ(put(users_ + "/ada/attributes", {{"email", "x"}}).code(), "unknown_field");
}

TEST_F(UserEndpoints, DisablingEndsSignInsUntilEnabled) {
  ASSERT_EQ(post(users_, {{"username", "ada"}, {"password", first_password}}).status, 201);
  const auto disabled = post(users_ + "/ada/disable");
  ASSERT_EQ(disabled.status, 200) << disabled.json;
  EXPECT_EQ(disabled.json.at("enabled"), false);
  EXPECT_FALSE(signs_in(first_password));
  const auto again = post(users_ + "/ada/disable");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.code(), "state_unchanged");
  EXPECT_EQ(post(users_ + "/ada/enable", Json::object()).json.at("enabled"), true);
  EXPECT_TRUE(signs_in(first_password));
  EXPECT_EQ(post(users_ + "/ada/enable", {{"now", true}}).code(), "unknown_field");
}

TEST_F(UserEndpoints, SignOutEndsSessionsAndUnlockTheWait) {
  ASSERT_EQ(post(users_, {{"username", "ada"}, {"password", first_password}}).status, 201);
  const auto tokens = sign_in(client_, "ada", std::string(first_password));
  region_.clock().advance(std::chrono::seconds(1));
  const auto out = post(users_ + "/ada/sign-out");
  EXPECT_EQ(out.status, 204);
  EXPECT_TRUE(out.has_position());
  EXPECT_FALSE(try_refresh(client_, tokens.refresh_token));

  for (int i = 0; i < 8; ++i) EXPECT_FALSE(signs_in("wrong"));
  EXPECT_FALSE(signs_in(first_password)) << "has to wait";
  region_.run(identity_.lockouts.settled());
  const auto unlocked = post(users_ + "/ada/unlock");
  EXPECT_EQ(unlocked.status, 204);
  EXPECT_TRUE(unlocked.has_position());
  EXPECT_TRUE(signs_in(first_password));
}

TEST_F(UserEndpoints, ASignOutAtASecondaryHoldsThereWithoutAPosition) {
  ASSERT_EQ(post(users_, {{"username", "ada"}, {"password", first_password}}).status, 201);
  const auto tokens = sign_in(client_, "ada", std::string(first_password));
  region_.clock().advance(std::chrono::seconds(1));
  region_.become_secondary();
  const auto out = post(users_ + "/ada/sign-out");
  EXPECT_EQ(out.status, 204);
  EXPECT_FALSE(out.has_position());
  EXPECT_FALSE(try_refresh(client_, tokens.refresh_token));
  EXPECT_EQ(post(users_ + "/ada/disable").code(), "read_only_region");
  EXPECT_EQ(post(users_, {{"username", "bob"}, {"password", first_password}}).status, 421);
}

TEST_F(UserEndpoints, ADeletedUserIsGone) {
  make_ada();
  const auto removed = remove(users_ + "/ada");
  EXPECT_EQ(removed.status, 204);
  EXPECT_TRUE(removed.has_position());
  EXPECT_EQ(get(users_ + "/ada").code(), "not_found");
  EXPECT_EQ(remove(users_ + "/ada").code(), "not_found");
  for (const auto* action : {"/enable", "/disable", "/sign-out", "/unlock"})
    EXPECT_EQ(post(users_ + "/ada" + action).code(), "not_found") << action;
  EXPECT_EQ(put(users_ + "/ada/password", {{"password", first_password}}).code(), "not_found");
}

TEST_F(UserEndpoints, ListsInOrderOfCreationInPages) {
  std::vector<std::string> names = {"zoe", "ada", "max"};
  for (const auto& name : names) {
    ASSERT_EQ(post(users_, {{"username", name}, {"password", first_password}}).status, 201);
    region_.clock().advance(std::chrono::seconds(1));
  }
  const auto first = get(users_ + "?limit=2").json;
  ASSERT_EQ(first.at("users").size(), 2U);
  EXPECT_EQ(first.at("users")[0].at("username"), "zoe");
  EXPECT_EQ(first.at("users")[1].at("username"), "ada");
  const auto rest = get(users_ + "?limit=2&next=" + first.at("next").get<std::string>()).json;
  ASSERT_EQ(rest.at("users").size(), 1U);
  EXPECT_EQ(rest.at("users")[0].at("username"), "max");
  EXPECT_EQ(rest.at("next"), nullptr);
}

TEST_F(UserEndpoints, ExactLookUpsAndPrefixes) {
  const auto attributes = [](std::string_view email, std::string_view phone) {
    return Json{{"email", email}, {"phone_number", phone}};
  };
  const auto ada = post(users_, {{"username", "ada"},
                                 {"password", first_password},
                                 {"attributes", attributes("ada@example.com", "+15550100")}});
  const auto adam = post(users_, {{"username", "adam"},
                                  {"password", first_password},
                                  {"attributes", attributes("shared@example.com", "+15550101")}});
  ASSERT_EQ(adam.status, 201) << adam.json;
  const auto found = [&](const std::string& query) {
    std::vector<std::string> names;
    const auto answer = get(users_ + "?" + query);
    EXPECT_EQ(answer.status, 200) << answer.json;
    for (const auto& user : answer.json.at("users")) names.push_back(user.at("username"));
    return names;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(found("username=ada"), Names{"ada"});
  EXPECT_EQ(found("username=ad"), Names{});
  EXPECT_EQ(found("email=ADA@example.com"), Names{"ada"});
  EXPECT_EQ(found("phone=%2B15550101"), Names{"adam"});
  EXPECT_EQ(found("sub=" + ada.json.at("sub").get<std::string>()), Names{"ada"});
  EXPECT_EQ(found("sub=nobody"), Names{});
  EXPECT_EQ(found("prefix=ad").size(), 2U);
  EXPECT_EQ(found("prefix=adam"), Names{"adam"});
  EXPECT_EQ(found("emailPrefix=shared"), Names{"adam"});
  EXPECT_EQ(get(users_ + "?username=ada&email=x").code(), "invalid_field");
  EXPECT_EQ(get(users_ + "?name=ada").code(), "unknown_field");
}

TEST_F(UserEndpoints, WhatIsWrongIsNamedAndNoPasswordComesBack) {
  make_ada();
  const auto again = post(users_, {{"username", "Ada"}, {"password", first_password}});
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.code(), "already_exists");
  const auto weak = post(users_, {{"username", "bob"}, {"password", "hunter2weak"}});
  EXPECT_EQ(weak.status, 400);
  EXPECT_EQ(weak.code(), "invalid_password");
  EXPECT_EQ(weak.json.dump().find("hunter2weak"), std::string::npos);
  EXPECT_EQ(put(users_ + "/ada/password", {{"password", "hunter2weak"}}).code(), "invalid_password");
  EXPECT_EQ(post(users_, {{"username", ""}}).code(), "invalid_username");
  EXPECT_EQ(post(users_, {{"username", "bob"}, {"pasword", "x"}}).code(), "unknown_field");
  EXPECT_EQ(post(users_, {{"username", "bob"}, {"password", "x"}, {"temporaryPassword", "y"}}).code(),
            "invalid_field");
  EXPECT_EQ(post(users_, {{"username", "bob"}, {"attributes", {{"shoe", "43"}}}}).code(),
            "invalid_attribute");
  EXPECT_EQ(post("/admin/v1/pools/us-east-1_AbCdEfGhI/users", {{"username", "bob"}}).code(), "not_found");
  EXPECT_EQ(get("/admin/v1/pools/us-east-1_AbCdEfGhI/users").code(), "not_found");
}

}  // namespace
}  // namespace holdfast::api
