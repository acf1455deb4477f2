#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "holdfast/base/encoding.h"
#include "holdfast/identity/sealed_token.h"
#include "holdfast/identity/token_claims.h"

namespace holdfast::identity {
namespace {

const ClusterId token_cluster("00112233445566778899aabbccddeeff");
Secret token_key() { return Secret(Bytes(32, '\x07')); }

SealedClaims sample_claims() {
  return {.pool = PoolId("us-east-1_AbCdEfGhI"),
          .client = ClientId("1example23456789abcdefghij"),
          .user = UserId("1b4e28ba-2fa1-41d2-883f-0016d3cca427"),
          .origin_jti = "018f3c6a-7b2c-7d10-8a4e-5f6071829304",
          .generation = 3,
          .branch = RegionName("eu-west-1"),
          .credential_version = 2,
          .region = RegionName("us-east-1"),
          .issued_at = from_micros(1'700'000'000'123'456),
          .expires_at = from_micros(1'702'592'000'000'000),
          .recorded = true,
          .started_at = from_micros(1'700'000'000'000'000),
          .scopes = {"aws.cognito.signin.user.admin"},
          .challenge = ""};
}

TEST(SealedToken, ClaimsHaveThisFormat) {
  const Bytes plain = encode_claims(sample_claims());
  EXPECT_EQ(to_hex(plain),
            "011375732d656173742d315f416243644566476849021a316578616d706c653233343536373839616263646566676869"
            "6a03101b4e28ba2fa141d2883f0016d3cca4270410018f3c6a7b2c7d108a4e5f6071829304050103060965752d776573"
            "742d31070102080975732d656173742d3109070c1448304044800a070c18ff2eb700000b01010c070c1448303c80000d"
            "1d6177732e636f676e69746f2e7369676e696e2e757365722e61646d696e");
  EXPECT_EQ(decode_claims(plain), sample_claims());
}

TEST(SealedToken, TextHasThisFormat) {
  const std::string text =
      seal_token(token_cluster, SealedKind::refresh_token, 5, token_key(), Bytes(24, '\x09'), "plain");
  EXPECT_EQ(text, "AQEAAAAFCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJzh6D4xKMBeEYlmKq8WzMtk6EvPnE");
  EXPECT_EQ(sealed_token_key(SealedKind::refresh_token, text), 5U);
  EXPECT_EQ(open_token(token_cluster, SealedKind::refresh_token, token_key(), text), "plain");
}

TEST(SealedToken, OpensOnlyAsWhatItIs) {
  const std::string text =
      seal_token(token_cluster, SealedKind::refresh_token, 5, token_key(), Bytes(24, '\x09'), "plain");
  EXPECT_FALSE(open_token(token_cluster, SealedKind::challenge, token_key(), text));
  EXPECT_FALSE(open_token(ClusterId("other"), SealedKind::refresh_token, token_key(), text));
  EXPECT_FALSE(open_token(token_cluster, SealedKind::refresh_token, Secret(Bytes(32, '\x08')), text));
  Bytes raw = *from_base64url(text);
  for (std::size_t at = 0; at < raw.size(); ++at) {
    Bytes changed = raw;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto opened =
        open_token(token_cluster, SealedKind::refresh_token, token_key(), to_base64url(changed));
    ASSERT_FALSE(opened) << at;
    EXPECT_EQ(opened.error().kind, ErrorKind::unauthenticated);
  }
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(open_token(token_cluster, SealedKind::refresh_token, token_key(), text.substr(0, size)));
  }
  EXPECT_FALSE(sealed_token_key(SealedKind::refresh_token, std::string(5000, 'A')));
}

TokenContext sample_context() {
  return {.issuer = "https://auth.example.com/us-east-1_AbCdEfGhI",
          .client = ClientId("1example23456789abcdefghij"),
          .origin_jti = "018f3c6a-7b2c-7d10-8a4e-5f6071829304",
          .event_id = "e0000000-0000-4000-8000-000000000001",
          .auth_time = WallTime(std::chrono::seconds(1'700'000'000)),
          .issued_at = WallTime(std::chrono::seconds(1'700'000'100)),
          .scopes = {"aws.cognito.signin.user.admin"},
          .credential_version = 2};
}

User sample_user() {
  User user;
  user.id = UserId("1b4e28ba-2fa1-41d2-883f-0016d3cca427");
  user.username = "ada";
  user.attributes = {{"email", "ada@example.com"},
                     {"email_verified", "true"},
                     {"custom:team", "7"},
                     {"address", "1 Main St"},
                     {"updated_at", "1700000000"}};
  return user;
}

TEST(TokenClaims, AccessTokenIsCognitos) {
  const std::vector<std::string> groups = {"admin", "staff"};
  const auto payload =
      access_token_payload(sample_context(), sample_user(), groups, std::chrono::hours(1), "jti-1");
  EXPECT_EQ(nlohmann::json::parse(payload), nlohmann::json::parse(R"({
    "sub":"1b4e28ba-2fa1-41d2-883f-0016d3cca427","iss":"https://auth.example.com/us-east-1_AbCdEfGhI",
    "client_id":"1example23456789abcdefghij","origin_jti":"018f3c6a-7b2c-7d10-8a4e-5f6071829304",
    "event_id":"e0000000-0000-4000-8000-000000000001","token_use":"access","scope":"aws.cognito.signin.user.admin",
    "auth_time":1700000000,"exp":1700003700,"iat":1700000100,"jti":"jti-1","username":"ada","version":2,
    "credential_version":2,"cognito:groups":["admin","staff"]})"));
}

TEST(TokenClaims, NoScopesAreNoClaim) {
  TokenContext context = sample_context();
  context.scopes.clear();
  for (const auto& payload :
       {access_token_payload(context, sample_user(), {}, std::chrono::hours(1), "jti-1"),
        machine_token_payload(context, std::chrono::hours(1), "jti-3")}) {
    // RFC 6749 §3.3: a scope is one word at least.
    EXPECT_FALSE(nlohmann::json::parse(payload).contains("scope")) << payload;
    EXPECT_TRUE(read_claims(payload).value().scopes.empty());
  }
}

TEST(TokenClaims, IdTokenIsCognitosAndTyped) {
  const auto payload = id_token_payload(sample_context(), sample_user(), {}, std::chrono::hours(1), "jti-2");
  EXPECT_EQ(nlohmann::json::parse(payload), nlohmann::json::parse(R"({
    "sub":"1b4e28ba-2fa1-41d2-883f-0016d3cca427","iss":"https://auth.example.com/us-east-1_AbCdEfGhI",
    "aud":"1example23456789abcdefghij","origin_jti":"018f3c6a-7b2c-7d10-8a4e-5f6071829304",
    "event_id":"e0000000-0000-4000-8000-000000000001","token_use":"id","amr":["pwd"],
    "auth_time":1700000000,"exp":1700003700,"iat":1700000100,"jti":"jti-2","cognito:username":"ada",
    "credential_version":2,"email":"ada@example.com","email_verified":true,"custom:team":"7","address":{"formatted":"1 Main St"},
    "updated_at":1700000000})"));
}

TEST(TokenClaims, AMachineIsItsClient) {
  TokenContext context = sample_context();
  context.scopes = {"objects.read", "objects.write"};
  const auto claims = read_claims(machine_token_payload(context, std::chrono::hours(1), "jti-3"));
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->subject, "1example23456789abcdefghij");
  EXPECT_EQ(claims->client, claims->subject);
  EXPECT_EQ(claims->scopes, context.scopes);
  EXPECT_TRUE(claims->username.empty());
  EXPECT_FALSE(claims->credential_version) << "a client has no password";
}

TEST(TokenClaims, ReadsBackWhatItWrote) {
  const std::vector<std::string> groups = {"admin"};
  const auto access =
      read_claims(access_token_payload(sample_context(), sample_user(), groups, std::chrono::hours(1), "j"));
  ASSERT_TRUE(access);
  EXPECT_EQ(access->token_use, "access");
  EXPECT_EQ(access->client, "1example23456789abcdefghij");
  EXPECT_EQ(access->username, "ada");
  EXPECT_EQ(access->groups, groups);
  EXPECT_TRUE(access->audience.empty());
  EXPECT_EQ(access->credential_version, 2U);
  EXPECT_EQ(to_seconds(access->expires_at), 1'700'003'700);
  const auto id =
      read_claims(id_token_payload(sample_context(), sample_user(), groups, std::chrono::hours(1), "j"));
  ASSERT_TRUE(id);
  EXPECT_EQ(id->client, "1example23456789abcdefghij");
  EXPECT_EQ(id->username, "ada");
  EXPECT_EQ(id->credential_version, 2U);
}

TEST(TokenClaims, MissingOrMistypedClaimsAreRefused) {
  for (const char* bad :
       {"", "[]", "{}", R"({"iss":"i","sub":"s","client_id":"c","iat":1,"exp":2})",
        R"({"iss":"i","sub":"s","client_id":"c","iat":1,"exp":"2","auth_time":1})",
        R"({"iss":"i","sub":"s","client_id":"c","iat":1,"exp":-2,"auth_time":1})",
        R"({"iss":"i","sub":"s","client_id":"c","iat":1,"exp":99999999999999999,"auth_time":1})",
        R"({"iss":"i","sub":"s","client_id":"c","iat":1,"exp":2,"auth_time":1,"credential_version":"1"})",
        R"({"iss":"i","sub":"s","client_id":"c","iat":1,"exp":2,"auth_time":1,"credential_version":-1})",
        R"({"iss":7,"sub":"s","client_id":"c","iat":1,"exp":2,"auth_time":1})",
        R"({"iss":"i","sub":"s","token_use":"id","aud":["a","b"],"iat":1,"exp":2,"auth_time":1})"}) {
    const auto claims = read_claims(bad);
    ASSERT_FALSE(claims) << bad;
    EXPECT_EQ(claims.error().kind, ErrorKind::unauthenticated);
  }
}

}  // namespace
}  // namespace holdfast::identity
