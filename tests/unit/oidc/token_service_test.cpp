#include "holdfast/oidc/token_service.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "holdfast/base/encoding.h"
#include "holdfast/oidc/client_authenticator.h"
#include "holdfast/oidc/discovery.h"
#include "holdfast/oidc/oauth_error.h"
#include "holdfast/oidc/oidc.h"
#include "identity_fixture.h"

namespace holdfast::oidc {
namespace {

using identity::Client;
using identity::Pool;

class OidcTest : public test::IdentityTest {
 protected:
  Result<TokenAnswer> token(std::string form, std::optional<std::string> authorization = {},
                            PoolId pool = {}) {
    return region_.run(oidc_.tokens.token({.pool = pool.empty() ? pool_.id : std::move(pool),
                                           .authorization = std::move(authorization),
                                           .form = std::move(form),
                                           .origin = {}}));
  }
  std::string_view refusal(std::string form, std::optional<std::string> authorization = {}) {
    const auto answer = token(std::move(form), std::move(authorization));
    return answer ? "accepted" : to_string(to_oauth_error(answer.error()).code);
  }
  Result<std::optional<region::CommitReceipt>> revoke(std::string form) {
    return region_.run(oidc_.revocations.revoke(
        {.pool = pool_.id, .authorization = {}, .form = std::move(form), .origin = {}}));
  }
  std::string as_machine(const std::string& rest) {
    return "client_id=" + machine_.id.str() + "&client_secret=" + machine_.secret + "&" + rest;
  }
  std::string as_web(const std::string& rest) { return "client_id=" + web_.id.str() + "&" + rest; }

  Oidc oidc_{identity_};
  Pool pool_ = make_pool();
  Client machine_ = make_machine(pool_.id);
  Client web_ = make_client(pool_.id);
};

TEST_F(OidcTest, ClientCredentialsGivesAllAllowedScopesOrThoseAsked) {
  const auto all = token(as_machine("grant_type=client_credentials"));
  ASSERT_TRUE(all) << all.error().describe();
  EXPECT_EQ(all->scopes, (std::vector<std::string>{"objects.read", "objects.write"}));
  EXPECT_EQ(all->expires_in, std::chrono::hours(1));
  EXPECT_TRUE(all->refresh_token.empty());
  EXPECT_TRUE(all->id_token.empty());
  const auto one = token(as_machine("grant_type=client_credentials&scope=objects.read"));
  EXPECT_EQ(one->scopes, std::vector<std::string>{"objects.read"});
  EXPECT_EQ(refusal(as_machine("grant_type=client_credentials&scope=admin")), "invalid_scope");
}

TEST_F(OidcTest, AMachineNeverGetsAUsersScopes) {
  Client both = machine_;
  both.scopes = {"openid", std::string(identity::self_service_scope), "objects.read"};
  must(region_.run(identity_.clients.update(both, test::operator_actor())));
  EXPECT_EQ(token(as_machine("grant_type=client_credentials"))->scopes,
            std::vector<std::string>{"objects.read"});
  EXPECT_EQ(refusal(as_machine("grant_type=client_credentials&scope=openid")), "invalid_scope");
}

TEST_F(OidcTest, BasicAuthenticationIsFormEncodedFirst) {
  const auto basic = [&](const std::string& secret) {
    return "Basic " + to_base64(machine_.id.str() + ":" + secret);
  };
  EXPECT_EQ(refusal("grant_type=client_credentials", basic(machine_.secret)), "accepted");
  std::string encoded = "%" + to_hex(machine_.secret.substr(0, 1)) + machine_.secret.substr(1);
  EXPECT_EQ(refusal("grant_type=client_credentials", basic(encoded)), "accepted");
  EXPECT_EQ(refusal("grant_type=client_credentials", basic("wrong")), "invalid_client");
  EXPECT_EQ(refusal("grant_type=client_credentials", "Basic !!"), "invalid_client");
  EXPECT_EQ(refusal("grant_type=client_credentials", "Bearer abc"), "invalid_client");
  EXPECT_EQ(refusal(as_machine("grant_type=client_credentials"), basic(machine_.secret)), "invalid_request");
  EXPECT_EQ(refusal("grant_type=client_credentials&client_id=other", basic(machine_.secret)),
            "invalid_request");
}

TEST_F(OidcTest, ClientsAreAuthenticatedBeforeAnythingElse) {
  EXPECT_EQ(refusal("grant_type=client_credentials"), "invalid_client");
  EXPECT_EQ(refusal("grant_type=client_credentials&client_id=" + machine_.id.str()), "invalid_client");
  EXPECT_EQ(refusal("grant_type=client_credentials&client_id=unknown&client_secret=x"), "invalid_client");
  EXPECT_EQ(refusal(as_web("client_secret=x&grant_type=refresh_token")), "invalid_client");
  Client off = machine_;
  off.enabled = false;
  must(region_.run(identity_.clients.update(off, test::operator_actor())));
  EXPECT_EQ(refusal(as_machine("grant_type=client_credentials")), "invalid_client");
}

TEST_F(OidcTest, AClientOfAnotherPoolIsUnknownHere) {
  const Pool other = make_pool();
  EXPECT_EQ(token(as_machine("grant_type=client_credentials"), {}, other.id).error().code, "invalid_client");
  EXPECT_EQ(
      token(as_machine("grant_type=client_credentials"), {}, PoolId("us-east-1_000000000")).error().code,
      "not_found");
}

TEST_F(OidcTest, GrantTypes) {
  EXPECT_EQ(refusal(as_machine("")), "invalid_request");
  EXPECT_EQ(refusal(as_machine("grant_type=password")), "unsupported_grant_type");
  EXPECT_EQ(refusal(as_machine("grant_type=refresh_token&refresh_token=x")), "unauthorized_client");
  EXPECT_EQ(refusal(as_web("grant_type=client_credentials")), "unauthorized_client");
  EXPECT_EQ(refusal(as_machine("grant_type=client_credentials&grant_type=client_credentials")),
            "invalid_request");
  EXPECT_EQ(refusal(as_machine("grant_type=%zz")), "invalid_request");
}

TEST_F(OidcTest, RefreshingGivesNewTokensOfTheSameSession) {
  make_user(pool_.id, "ada");
  const std::string refresh_token = sign_in(web_.id, "ada").refresh_token;
  const auto answer = token(as_web("grant_type=refresh_token&refresh_token=" + refresh_token));
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_FALSE(answer->access_token.empty());
  EXPECT_FALSE(answer->id_token.empty());
  EXPECT_TRUE(answer->refresh_token.empty()) << "this client does not rotate";
  EXPECT_EQ(refusal(as_web("grant_type=refresh_token")), "invalid_request");
  EXPECT_EQ(refusal(as_web("grant_type=refresh_token&refresh_token=x")), "invalid_grant");
  EXPECT_EQ(refusal(as_web("grant_type=refresh_token&scope=admin&refresh_token=" + refresh_token)),
            "invalid_scope");
  EXPECT_EQ(refusal(as_web("grant_type=refresh_token&scope=aws.cognito.signin.user.admin&refresh_token=" +
                           refresh_token)),
            "accepted");
}

TEST_F(OidcTest, RevokingEndsTheSessionAndIsSilentAboutTheRest) {
  make_user(pool_.id, "ada");
  const auto tokens = sign_in(web_.id, "ada");
  EXPECT_TRUE(revoke(as_web("token=unknown")));
  EXPECT_EQ(revoke(as_web("")).error().code, "invalid_request");
  EXPECT_EQ(revoke(as_web("token=" + tokens.access_token)).error().code, "unsupported_token_type");
  EXPECT_EQ(revoke("token=" + tokens.refresh_token).error().code, "invalid_client");
  EXPECT_TRUE(revoke(as_machine("token=" + tokens.refresh_token)));
  EXPECT_EQ(refusal(as_web("grant_type=refresh_token&refresh_token=" + tokens.refresh_token)), "accepted");
  EXPECT_TRUE(revoke(as_web("token_type_hint=access_token&token=" + tokens.refresh_token)));
  EXPECT_EQ(refusal(as_web("grant_type=refresh_token&refresh_token=" + tokens.refresh_token)),
            "invalid_grant");
}

TEST_F(OidcTest, ASecondaryDoesAllOfThis) {
  make_user(pool_.id, "ada");
  const auto tokens = sign_in(web_.id, "ada");
  region_.become_secondary();
  EXPECT_EQ(refusal(as_machine("grant_type=client_credentials")), "accepted");
  EXPECT_EQ(refusal(as_web("grant_type=refresh_token&refresh_token=" + tokens.refresh_token)), "accepted");
  const auto revoked = revoke(as_web("token=" + tokens.refresh_token));
  ASSERT_TRUE(revoked);
  EXPECT_FALSE(*revoked) << "held here alone";
  EXPECT_EQ(refusal(as_web("grant_type=refresh_token&refresh_token=" + tokens.refresh_token)),
            "invalid_grant");
}

TEST_F(OidcTest, KeptDiscoveryFollowsThePoolsRecord) {
  DiscoveryCache cache("https://auth.example.com", oidc_.tokens.grant_types());
  const auto before = must(identity_.pools.get(pool_.id));
  const auto text = cache.document(before);
  EXPECT_EQ(*text, discovery_document("https://auth.example.com", *before, oidc_.tokens.grant_types()));
  EXPECT_EQ(cache.document(before), text) << "made once";
  identity::Pool changed = *before;
  changed.algorithm = identity::SigningAlgorithm::rs256;
  const auto after = std::make_shared<const identity::Pool>(changed);
  ASSERT_NE(before->algorithm, after->algorithm);
  EXPECT_NE(*cache.document(after), *text);
}

TEST_F(OidcTest, DiscoveryNamesWhatIsServed) {
  const auto document = nlohmann::json::parse(
      discovery_document("https://auth.example.com", pool_, oidc_.tokens.grant_types()));
  const std::string issuer = "https://auth.example.com/" + pool_.id.str();
  EXPECT_EQ(document.at("issuer"), issuer);
  EXPECT_EQ(document.at("jwks_uri"), issuer + "/.well-known/jwks.json");
  EXPECT_EQ(document.at("token_endpoint"), issuer + "/oauth2/token");
  EXPECT_EQ(document.at("revocation_endpoint"), issuer + "/oauth2/revoke");
  EXPECT_EQ(document.at("grant_types_supported"),
            (std::vector<std::string>{"client_credentials", "refresh_token"}));
  EXPECT_EQ(document.at("id_token_signing_alg_values_supported"), std::vector<std::string>{"ES256"});
  EXPECT_FALSE(document.contains("authorization_endpoint"));
}

TEST(Parameters, FormTextIsDecodedStrictly) {
  const auto parameters = Parameters::parse("a=1+2&b=%C3%A9&c&d=&%65=x=y");
  ASSERT_TRUE(parameters);
  EXPECT_EQ(parameters->find("a"), "1 2");
  EXPECT_EQ(parameters->find("b"), "é");
  EXPECT_FALSE(parameters->find("c")) << "without a value: absent (RFC 6749 §3.2)";
  EXPECT_FALSE(parameters->find("d"));
  EXPECT_EQ(parameters->find("e"), "x=y");
  for (const char* bad : {"a=%", "a=%4", "a=%zz", "a=%ff", "a=%00", "a=1&a=2"}) {
    EXPECT_EQ(Parameters::parse(bad).error().code, "invalid_request") << bad;
  }
  std::string many;
  for (int i = 0; i < 65; ++i) many += "p" + std::to_string(i) + "=1&";
  EXPECT_FALSE(Parameters::parse(many));
}

TEST(OAuthErrors, EveryKindHasACode) {
  const auto code = [](ErrorKind kind) {
    return to_string(to_oauth_error({.kind = kind, .code = "x", .message = {}, .detail = {}}).code);
  };
  EXPECT_EQ(code(ErrorKind::invalid), "invalid_request");
  EXPECT_EQ(code(ErrorKind::unauthenticated), "invalid_grant");
  EXPECT_EQ(code(ErrorKind::forbidden), "unauthorized_client");
  EXPECT_EQ(code(ErrorKind::not_found), "invalid_request");
  EXPECT_EQ(code(ErrorKind::conflict), "temporarily_unavailable");
  EXPECT_EQ(code(ErrorKind::too_large), "invalid_request");
  EXPECT_EQ(code(ErrorKind::read_only), "temporarily_unavailable");
  EXPECT_EQ(code(ErrorKind::overloaded), "temporarily_unavailable");
  EXPECT_EQ(code(ErrorKind::unavailable), "temporarily_unavailable");
  EXPECT_EQ(code(ErrorKind::storage_full), "temporarily_unavailable");
  EXPECT_EQ(code(ErrorKind::outcome_unknown), "temporarily_unavailable");
  EXPECT_EQ(code(ErrorKind::corrupt), "server_error");
  EXPECT_EQ(code(ErrorKind::internal), "server_error");
  const auto error =
      to_oauth_error({.kind = ErrorKind::invalid, .code = "x", .message = "say \"é\"\\", .detail = {}});
  EXPECT_EQ(error.description, "say ?????");
}

}  // namespace
}  // namespace holdfast::oidc
