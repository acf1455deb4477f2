#include "admin_fixture.h"
#include "holdfast/identity/client_rules.h"

namespace holdfast::api {
namespace {

using Json = nlohmann::json;

class ClientEndpoints : public AdminApiTest {
 protected:
  std::string path_ = make_pool_path();
  std::string clients_ = path_ + "/clients";

  std::string path_of(const Json& client) const {
    return clients_ + "/" + client.at("clientId").get<std::string>();
  }
  Json make_machine_client() {
    const auto created = post(clients_, {{"name", "machine"},
                                         {"type", "confidential"},
                                         {"flows", {"client_credentials"}},
                                         {"scopes", {"objects.read"}}});
    EXPECT_EQ(created.status, 201) << created.json;
    EXPECT_TRUE(created.has_position());
    return created.json;
  }
  bool opens(const Json& client, const std::string& secret) {
    const auto found = identity_.clients.get(ClientId(client.at("clientId").get<std::string>()));
    return found && identity::check_client_secret(**found, secret);
  }
};

TEST_F(ClientEndpoints, ThePublicClientOfTheDemo) {
  const auto created = post(clients_, {{"name", "web"},
                                       {"type", "public"},
                                       {"flows", {"USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"}},
                                       {"scopes", {"openid", "aws.cognito.signin.user.admin"}},
                                       {"redirectUris", {"https://localhost/callback"}}});
  ASSERT_EQ(created.status, 201) << created.json;
  EXPECT_FALSE(created.json.contains("clientSecret"));
  EXPECT_EQ(created.json.at("flows"), Json({"USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"}));
  EXPECT_EQ(created.json.at("type"), "public");
  EXPECT_EQ(created.json.at("accessTokenSeconds"), nullptr) << "the pool's";
  EXPECT_EQ(get(path_of(created.json)).json, created.json);
  EXPECT_EQ(get(clients_).json, Json({{"clients", {created.json}}, {"next", nullptr}}));
  EXPECT_EQ(post(path_of(created.json) + "/secret").code(), "invalid_client_settings");
}

TEST_F(ClientEndpoints, ASecretIsShownAtCreationAndRenewalOnly) {
  const Json created = make_machine_client();
  const auto secret = created.at("clientSecret").get<std::string>();
  EXPECT_TRUE(opens(created, secret));
  EXPECT_FALSE(get(path_of(created)).json.contains("clientSecret"));
  EXPECT_EQ(get(clients_).json.dump().find(secret), std::string::npos);
  auto settings = get(path_of(created)).json;
  const auto changed = put(path_of(created), settings);
  ASSERT_EQ(changed.status, 200) << changed.json;
  EXPECT_FALSE(changed.json.contains("clientSecret"));
  EXPECT_TRUE(opens(created, secret)) << "kept by a change of the settings";

  const auto renewed = post(path_of(created) + "/secret", Json::object());
  ASSERT_EQ(renewed.status, 200) << renewed.json;
  EXPECT_TRUE(renewed.has_position());
  EXPECT_NE(renewed.json.at("clientSecret"), secret);
  EXPECT_FALSE(opens(created, secret));
  EXPECT_TRUE(opens(created, renewed.json.at("clientSecret")));
}

TEST_F(ClientEndpoints, APutReplacesTheSettings) {
  const Json created = make_machine_client();
  const auto changed = put(path_of(created), {{"name", "batch"},
                                              {"enabled", false},
                                              {"flows", {"client_credentials"}},
                                              {"scopes", {"objects.write"}},
                                              {"accessTokenSeconds", 600}});
  ASSERT_EQ(changed.status, 200) << changed.json;
  EXPECT_TRUE(changed.has_position());
  EXPECT_EQ(changed.json.at("name"), "batch");
  EXPECT_EQ(changed.json.at("enabled"), false);
  EXPECT_EQ(changed.json.at("scopes"), Json({"objects.write"}));
  EXPECT_EQ(changed.json.at("accessTokenSeconds"), 600);
  EXPECT_EQ(changed.json.at("clientId"), created.at("clientId"));
  EXPECT_EQ(put(path_of(created), {{"name", "x"}, {"type", "public"}, {"flows", Json::array()}}).code(),
            "immutable_field");
}

TEST_F(ClientEndpoints, ADeletedClientIsGone) {
  const Json created = make_machine_client();
  const auto removed = remove(path_of(created));
  EXPECT_EQ(removed.status, 204);
  EXPECT_TRUE(removed.has_position());
  EXPECT_EQ(get(path_of(created)).code(), "not_found");
  EXPECT_EQ(remove(path_of(created)).code(), "not_found");
  EXPECT_EQ(put(path_of(created), {{"name", "x"}, {"flows", Json::array()}}).code(), "not_found");
}

TEST_F(ClientEndpoints, WhatIsWrongIsNamed) {
  const Json good = {{"name", "x"}, {"type", "public"}, {"flows", {"USER_PASSWORD_AUTH"}}};
  const auto with = [&](std::string_view name, Json value) {
    Json body = good;
    body[std::string(name)] = std::move(value);
    return post(clients_, body);
  };
  EXPECT_EQ(with("secret", "mine").code(), "unknown_field");
  EXPECT_EQ(with("clientSecret", "mine").code(), "unknown_field");
  EXPECT_EQ(with("type", "secretive").json.at("detail"), "type must be public or confidential");
  EXPECT_EQ(with("type", nullptr).code(), "missing_field");
  EXPECT_EQ(with("flows", {"PASSWORD"}).code(), "invalid_client_settings");
  EXPECT_EQ(with("flows", {"client_credentials"}).code(), "invalid_client_settings");
  EXPECT_EQ(with("redirectUris", {"ftp//x"}).code(), "invalid_client_settings");
  EXPECT_EQ(with("scopes", "openid").code(), "invalid_field");
  EXPECT_EQ(post("/admin/v1/pools/us-east-1_AbCdEfGhI/clients", good).code(), "not_found");
  EXPECT_EQ(get("/admin/v1/pools/us-east-1_AbCdEfGhI/clients").code(), "not_found");
}

TEST_F(ClientEndpoints, AClientOfAnotherPoolIsNotFound) {
  const Json created = make_machine_client();
  const std::string other = make_pool_path() + "/clients/" + created.at("clientId").get<std::string>();
  EXPECT_EQ(get(other).code(), "not_found");
  EXPECT_EQ(remove(other).code(), "not_found");
  EXPECT_EQ(post(other + "/secret").code(), "not_found");
}

}  // namespace
}  // namespace holdfast::api
