#include "holdfast/identity/client_rules.h"

#include <gtest/gtest.h>

#include <set>

#include "holdfast/identity/user_rules.h"
#include "holdfast/identity/verified_user.h"

namespace holdfast::identity {
namespace {

Client public_client() {
  Client client;
  client.id = ClientId("1example23456789abcdefghij");
  client.name = "web";
  client.flows = {Flow::user_password, Flow::refresh_token};
  client.scopes = {std::string(self_service_scope)};
  return client;
}

Client machine_client() {
  Client client = public_client();
  client.secret = "9c8b7a";
  client.flows = {Flow::client_credentials};
  client.scopes = {"objects.read"};
  return client;
}

bool is_refused(const Client& client) {
  const auto checked = check_client(client);
  return !checked && checked.error().code == "invalid_client_settings";
}

TEST(ClientRules, IdsAndSecretsNeverLookLikeUuids) {
  std::set<ClientId> ids;
  for (int i = 0; i < 100; ++i) {
    const ClientId id = new_client_id(crypto::system_entropy());
    EXPECT_TRUE(is_client_id(id.str()));
    EXPECT_EQ(id.str().size(), 26U);
    EXPECT_FALSE(is_uuid(id.str()));
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 100U);
  EXPECT_EQ(new_client_secret(crypto::system_entropy()).size(), 52U);
  EXPECT_FALSE(is_client_id("1B4E28BA2FA141D2883F0016D3"));
}

TEST(ClientRules, GoodClientsAreAccepted) {
  EXPECT_TRUE(check_client(public_client()));
  EXPECT_TRUE(check_client(machine_client()));
}

TEST(ClientRules, ClientCredentialsNeedsASecretAndAScopeOfItsOwn) {
  Client client = machine_client();
  client.secret.clear();
  EXPECT_TRUE(is_refused(client));
  client = machine_client();
  client.scopes = {"openid", std::string(self_service_scope)};
  EXPECT_TRUE(is_refused(client));
  client.scopes = {};
  EXPECT_TRUE(is_refused(client));
}

TEST(ClientRules, RedirectUrisAreAbsoluteAndSafe) {
  Client client = public_client();
  for (const char* good : {"https://app.example.com/callback", "http://localhost:3000/",
                           "http://127.0.0.1/cb", "com.example.app:/oauth"}) {
    client.redirect_uris = {good};
    EXPECT_FALSE(is_refused(client)) << good;
  }
  for (const char* bad : {"", "/callback", "http://app.example.com/", "http://localhost.evil.example/",
                          "http://localhost:80@evil.example/", "javascript:alert(1)", "https://a/#f",
                          "data:text/html,x", "https://", "https://a b/"}) {
    client.redirect_uris = {bad};
    EXPECT_TRUE(is_refused(client)) << bad;
  }
}

TEST(ClientRules, WritableAttributesNeverIncludeVerifiedFlags) {
  Client client = public_client();
  client.writable_attributes = {"email", "custom:team"};
  EXPECT_FALSE(is_refused(client));
  client.writable_attributes = {"email_verified"};
  EXPECT_TRUE(is_refused(client));
  client.writable_attributes = {"sub"};
  EXPECT_TRUE(is_refused(client));
}

TEST(ClientRules, GraceAndLifetimesAreBounded) {
  Client client = public_client();
  client.rotation_grace = std::chrono::seconds(0);
  EXPECT_FALSE(is_refused(client));
  client.rotation_grace = std::chrono::seconds(61);
  EXPECT_TRUE(is_refused(client));
  client = public_client();
  client.access_lifetime = std::chrono::seconds(299);
  EXPECT_FALSE(check_client(client));
  client.access_lifetime = std::chrono::seconds(300);
  EXPECT_TRUE(check_client(client));
}

TEST(ClientRules, OverridesTakeThePlaceOfThePools) {
  Client client = public_client();
  client.access_lifetime = std::chrono::minutes(7);
  const Lifetimes lifetimes = lifetimes_of(Pool{}, client);
  EXPECT_EQ(lifetimes.access, std::chrono::minutes(7));
  EXPECT_EQ(lifetimes.id, std::chrono::minutes(60));
  EXPECT_EQ(lifetimes.refresh, std::chrono::days(30));
}

TEST(ClientRules, NoScopeParameterMeansAllAllowedOnes) {
  const std::vector<std::string> allowed = {"objects.read", "objects.write"};
  EXPECT_EQ(grant_scopes(allowed, std::nullopt), allowed);
  EXPECT_EQ(*grant_scopes(allowed, "objects.write"), std::vector<std::string>{"objects.write"});
  EXPECT_EQ(*grant_scopes(allowed, "objects.write  objects.write"),
            std::vector<std::string>{"objects.write"});
  EXPECT_EQ(grant_scopes(allowed, "objects.read admin").error().code, "invalid_scope");
  EXPECT_EQ(grant_scopes(allowed, " ").error().code, "invalid_scope");
}

// Computed with: printf '%s' ada1example23456789abcdefghij | openssl dgst -sha256 -hmac 9c8b7a -binary |
// base64
TEST(ClientRules, SecretHashIsCognitos) {
  Client client = public_client();
  client.secret = "9c8b7a";
  EXPECT_EQ(secret_hash(client, "ada"), "egsmtE5yvc0zX+p8kooT/YGu9+Y9/4vDf1Drh9eYuEg=");
  EXPECT_TRUE(check_secret_hash(client, "ada", secret_hash(client, "ada")));
  EXPECT_FALSE(check_secret_hash(client, "bob", secret_hash(client, "ada")));
  EXPECT_FALSE(check_secret_hash(client, "ada", std::nullopt));
  EXPECT_FALSE(check_secret_hash(client, "ada", ""));
  EXPECT_TRUE(check_secret_hash(public_client(), "ada", std::nullopt));
  EXPECT_FALSE(check_secret_hash(public_client(), "ada", "anything"));
}

TEST(ClientRules, ASecretIsNeverRightForAPublicClient) {
  EXPECT_TRUE(check_client_secret(machine_client(), "9c8b7a"));
  EXPECT_FALSE(check_client_secret(machine_client(), "9c8b7b"));
  EXPECT_FALSE(check_client_secret(public_client(), ""));
}

TEST(ClientRules, FlowNamesAreCognitosAndOAuths) {
  EXPECT_EQ(parse_flow("USER_PASSWORD_AUTH"), Flow::user_password);
  EXPECT_EQ(parse_flow("ALLOW_USER_PASSWORD_AUTH"), Flow::user_password);
  EXPECT_EQ(parse_flow("refresh_token"), Flow::refresh_token);
  EXPECT_EQ(parse_flow("client_credentials"), Flow::client_credentials);
  EXPECT_FALSE(parse_flow("implicit"));
}

}  // namespace
}  // namespace holdfast::identity
