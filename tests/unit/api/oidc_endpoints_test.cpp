#include "holdfast/api/oidc_endpoints.h"

#include "holdfast/base/encoding.h"
#include "holdfast/crypto/jws.h"
#include "public_fixture.h"

namespace holdfast::api {
namespace {

using Json = nlohmann::json;

class OidcEndpoints : public PublicApiTest {
 protected:
  Answer get(const std::string& path) { return send(http::Method::get, "/" + pool_.id.str() + path, "", {}); }
  Answer post(const std::string& path, std::string form, std::optional<std::string> authorization = {},
              std::string_view type = "application/x-www-form-urlencoded") {
    http::Headers headers;
    if (!type.empty()) headers.add("Content-Type", type);
    if (authorization) headers.add("Authorization", *authorization);
    return send(http::Method::post, "/" + pool_.id.str() + path, std::move(form), std::move(headers));
  }
  Answer token(std::string form, std::optional<std::string> authorization = {}) {
    return post("/oauth2/token", std::move(form), std::move(authorization));
  }
  Answer revoke(std::string form, std::optional<std::string> authorization = {}) {
    return post("/oauth2/revoke", std::move(form), std::move(authorization));
  }
  /// "status error" of a refusal that is complete as RFC 6749 §5.2 has it.
  static std::string refusal(const Answer& answer) {
    if (answer.header("Cache-Control") != "no-store") return "Cache-Control is wrong";
    if (answer.header("Pragma") != "no-cache") return "Pragma is wrong";
    if (answer.header("Content-Type") != "application/json") return "Content-Type is wrong";
    if (!answer.json.contains("error_description")) return "error_description is missing";
    return std::to_string(answer.status) + " " + answer.json.value("error", "<no error>");
  }
  std::string basic(const std::string& secret) const {
    return "Basic " + to_base64(machine_.id.str() + ":" + secret);
  }
  std::string as_machine(const std::string& rest) const {
    return "client_id=" + machine_.id.str() + "&client_secret=" + machine_.secret + "&" + rest;
  }
  std::string as_web(const std::string& rest) const { return "client_id=" + web_.id.str() + "&" + rest; }
  std::string refresh_form(const std::string& refresh_token) const {
    return as_web("grant_type=refresh_token&refresh_token=" + refresh_token);
  }

  identity::Client machine_ = make_machine(pool_.id);
};

constexpr const char* own_grant = "grant_type=client_credentials";

TEST_F(OidcEndpoints, DiscoveryIsTheIssuersAndMayBeReadByPages) {
  const auto found = get("/.well-known/openid-configuration");
  ASSERT_EQ(found.status, 200);
  EXPECT_EQ(found.header("Content-Type"), "application/json");
  EXPECT_EQ(found.header("Cache-Control"), "public, max-age=60");
  const std::string issuer = "https://auth.example.com/" + pool_.id.str();
  EXPECT_EQ(found.json.at("issuer"), issuer);
  EXPECT_EQ(found.json.at("jwks_uri"), issuer + "/.well-known/jwks.json");
  EXPECT_EQ(found.json.at("token_endpoint"), issuer + "/oauth2/token");
  EXPECT_EQ(found.json.at("revocation_endpoint"), issuer + "/oauth2/revoke");
  EXPECT_EQ(found.json.at("grant_types_supported"), Json({"client_credentials", "refresh_token"}));
  EXPECT_EQ(found.json.at("token_endpoint_auth_methods_supported"),
            Json({"client_secret_basic", "client_secret_post", "none"}));
  EXPECT_EQ(found.json.at("id_token_signing_alg_values_supported"), Json({"ES256"}));
  EXPECT_EQ(found.json.at("subject_types_supported"), Json({"public"}));
  EXPECT_TRUE(found.json.at("response_types_supported").is_array());
  http::Headers headers;
  headers.add("Origin", "https://app.example.com");
  const auto page = send(http::Method::get, "/" + pool_.id.str() + "/.well-known/jwks.json", "", headers);
  EXPECT_EQ(page.header("Access-Control-Allow-Origin"), "https://app.example.com");
  EXPECT_EQ(page.header("Access-Control-Allow-Credentials"), "<none>");
  EXPECT_EQ(page.header("Vary"), "Origin");
}

TEST_F(OidcEndpoints, APreflightOfAStrangerIsRefusedInOneFormEverywhere) {
  http::Headers headers;
  headers.add("Origin", "https://evil.example");
  headers.add("Access-Control-Request-Method", "POST");
  for (const auto& target :
       {std::string("/"), "/" + pool_.id.str() + "/oauth2/token", "/" + pool_.id.str() + "/oauth2/revoke"}) {
    const auto refused = send(http::Method::options, target, "", headers);
    EXPECT_EQ(refused.status, 403) << target;
    EXPECT_EQ(refused.json.value("code", ""), "origin_not_allowed") << target;
    EXPECT_EQ(refused.header("Access-Control-Allow-Origin"), "<none>");
  }
}

TEST_F(OidcEndpoints, TokensAreReadByPagesOfThePoolsAppsAlone) {
  const identity::Pool elsewhere = make_pool();
  register_app("photos", pool_.id, web_.id, "https://photos.example");
  register_app("notes", elsewhere.id, web_.id, "https://notes.example");
  for (const std::string_view path : {"/oauth2/token", "/oauth2/revoke"}) {
    const std::string target = "/" + pool_.id.str() + std::string(path);
    for (const auto method : {http::Method::post, http::Method::options}) {
      EXPECT_EQ(page(method, target, "", "https://photos.example"), "https://photos.example") << target;
      EXPECT_EQ(page(method, target, "", "https://notes.example"), "<none>") << target;
      EXPECT_EQ(page(method, target, "", "https://evil.example"), "<none>") << target;
    }
  }
  must(region_.run(
      apps_.update(AppId("photos"), {.web_origins = {{"https://new.example"}}}, test::operator_actor())));
  const std::string target = "/" + pool_.id.str() + "/oauth2/token";
  EXPECT_EQ(page(http::Method::post, target, "", "https://photos.example"), "<none>");
  EXPECT_EQ(page(http::Method::post, target, "", "https://new.example"), "https://new.example");
}

TEST_F(OidcEndpoints, TheJwksVerifiesTokensAndHoldsNothingPrivate) {
  const auto keys = get("/.well-known/jwks.json");
  ASSERT_EQ(keys.status, 200);
  EXPECT_EQ(keys.header("Cache-Control"), "public, max-age=60");
  ASSERT_EQ(keys.json.at("keys").size(), 1U);
  const Json key = keys.json.at("keys")[0];
  for (const char* name : {"d", "p", "q", "dp", "dq", "qi", "k"}) EXPECT_FALSE(key.contains(name)) << name;
  EXPECT_EQ(key.at("kty"), "EC");
  EXPECT_EQ(key.at("alg"), "ES256");
  EXPECT_EQ(key.at("use"), "sig");
  const auto granted = token(as_machine(own_grant));
  EXPECT_EQ(must(crypto::jws_key_id(granted.json.at("access_token").get<std::string>())),
            key.at("kid").get<std::string>());
}

TEST_F(OidcEndpoints, AnUnknownPoolIsNotFound) {
  for (const char* pool : {"us-east-1_000000000", "x", "%3Cscript%3E"}) {
    const std::string base = "/" + std::string(pool);
    for (const char* path : {"/.well-known/openid-configuration", "/.well-known/jwks.json"}) {
      const auto missing = send(http::Method::get, base + path, "", {});
      EXPECT_EQ(missing.status, 404) << pool;
      EXPECT_EQ(missing.json.at("code"), "not_found") << pool;
      EXPECT_EQ(missing.header("Cache-Control"), "no-store") << "it may come to be";
    }
    http::Headers headers;
    headers.add("Content-Type", "application/x-www-form-urlencoded");
    for (const char* path : {"/oauth2/token", "/oauth2/revoke"}) {
      EXPECT_EQ(refusal(send(http::Method::post, base + path, as_machine(own_grant), headers)),
                "404 invalid_request")
          << pool;
    }
  }
}

TEST_F(OidcEndpoints, ClientCredentialsWithBasicAndWithPost) {
  const auto check = [](const Answer& answer) {
    ASSERT_EQ(answer.status, 200) << answer.json;
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
    EXPECT_EQ(answer.header("Pragma"), "no-cache");
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    EXPECT_EQ(answer.json.at("token_type"), "Bearer");
    EXPECT_EQ(answer.json.at("expires_in"), 3600);
    EXPECT_EQ(answer.json.at("scope"), "objects.read objects.write") << "none asked: all that are allowed";
    EXPECT_FALSE(answer.json.contains("refresh_token"));
    EXPECT_FALSE(answer.json.contains("id_token"));
  };
  check(token(own_grant, basic(machine_.secret)));
  check(token(as_machine(own_grant)));
  check(token(as_machine(own_grant) + "&audience=ignored&scope="));
  EXPECT_EQ(token(as_machine("grant_type=client_credentials&scope=objects.read")).json.at("scope"),
            "objects.read");
  EXPECT_EQ(
      post("/oauth2/token", as_machine(own_grant), {}, "Application/X-WWW-Form-Urlencoded; charset=utf-8")
          .status,
      200);
}

TEST_F(OidcEndpoints, ClientAuthenticationFailsWithAChallengeWhereBasicWasTried) {
  for (const auto& header : {basic("wrong"), std::string("Basic !!"), std::string("Bearer x"), basic("")}) {
    const auto refused = token(own_grant, header);
    EXPECT_EQ(refusal(refused), "401 invalid_client") << header;
    EXPECT_EQ(refused.header("WWW-Authenticate"), R"(Basic realm="holdfast", charset="UTF-8")") << header;
  }
  for (const auto& form : {std::string(own_grant), "client_id=" + machine_.id.str() + "&" + own_grant,
                           "client_id=" + machine_.id.str() + "&client_secret=wrong&" + own_grant,
                           "client_id=unknown&client_secret=x&" + std::string(own_grant),
                           as_web("client_secret=x&" + std::string(own_grant))}) {
    const auto refused = token(form);
    EXPECT_EQ(refusal(refused), "401 invalid_client") << form;
    EXPECT_FALSE(refused.headers.has("WWW-Authenticate")) << "a page must not open a password dialog";
  }
  const auto foreign = make_machine(make_pool().id);
  EXPECT_EQ(
      refusal(token("client_id=" + foreign.id.str() + "&client_secret=" + foreign.secret + "&" + own_grant)),
      "401 invalid_client")
      << "another pool's client";
}

TEST_F(OidcEndpoints, TwoWaysOfAuthenticationAtOnceAreRefused) {
  EXPECT_EQ(refusal(token(as_machine(own_grant), basic(machine_.secret))), "400 invalid_request");
  EXPECT_EQ(refusal(token("client_id=other&" + std::string(own_grant), basic(machine_.secret))),
            "400 invalid_request");
  EXPECT_EQ(token("client_id=" + machine_.id.str() + "&" + own_grant, basic(machine_.secret)).status, 200)
      << "the same id beside the header is no second way";
}

TEST_F(OidcEndpoints, WhatTheTokenEndpointDoesNotTake) {
  EXPECT_EQ(refusal(token(as_machine("grant_type=client_credentials&scope=admin"))), "400 invalid_scope");
  EXPECT_EQ(refusal(token(as_machine("grant_type=client_credentials&scope=objects.read%20admin"))),
            "400 invalid_scope");
  EXPECT_EQ(refusal(token(as_web(own_grant))), "400 unauthorized_client") << "a public client";
  EXPECT_EQ(refusal(token(as_machine("x=y"))), "400 invalid_request");
  EXPECT_EQ(refusal(token(as_machine("grant_type=password"))), "400 unsupported_grant_type");
  EXPECT_EQ(refusal(token(as_machine("grant_type=client_credentials&grant_type=client_credentials"))),
            "400 invalid_request");
  EXPECT_EQ(refusal(token(as_machine("grant_type=client_credentials&scope=objects.read&scope=objects.read"))),
            "400 invalid_request");
  EXPECT_EQ(refusal(token(as_machine("grant_type=%zz"))), "400 invalid_request");
  EXPECT_EQ(refusal(token(as_machine("grant_type=%ff"))), "400 invalid_request");
  for (const char* type : {"", "application/json", "text/plain", "multipart/form-data; boundary=x"}) {
    EXPECT_EQ(refusal(post("/oauth2/token", as_machine(own_grant), {}, type)), "400 invalid_request") << type;
    EXPECT_EQ(refusal(post("/oauth2/revoke", as_machine("token=x"), {}, type)), "400 invalid_request")
        << type;
  }
}

TEST_F(OidcEndpoints, TheTokenEndpointIsForPost) {
  for (const char* path : {"/oauth2/token", "/oauth2/revoke"}) {
    EXPECT_EQ(get(std::string(path) + "?" + as_machine(own_grant)).status, 405) << path;
    const auto match = rows_.match(http::Method::get, "/" + pool_.id.str() + path);
    EXPECT_EQ(match.allowed, (std::vector<http::Method>{http::Method::post, http::Method::options}));
  }
  EXPECT_EQ(send(http::Method::post, "/" + pool_.id.str() + "/oauth2/token?" + as_machine(own_grant), "",
                 [] {
                   http::Headers headers;
                   headers.add("Content-Type", "application/x-www-form-urlencoded");
                   return headers;
                 }())
                .status,
            401)
      << "parameters in the target are not read (RFC 6749 §2.3.1)";
}

TEST_F(OidcEndpoints, RefreshTokenGrant) {
  const auto ada = make_user(pool_.id, "ada");
  const auto signed_in = sign_in(web_.id, "ada");
  const auto refreshed = token(refresh_form(signed_in.refresh_token));
  ASSERT_EQ(refreshed.status, 200) << refreshed.json;
  EXPECT_EQ(refreshed.header("Cache-Control"), "no-store");
  EXPECT_FALSE(refreshed.json.at("access_token").get<std::string>().empty());
  EXPECT_FALSE(refreshed.json.at("id_token").get<std::string>().empty());
  EXPECT_EQ(refreshed.json.at("scope"), "aws.cognito.signin.user.admin");
  EXPECT_EQ(refusal(token(as_web("grant_type=refresh_token"))), "400 invalid_request");
  EXPECT_EQ(refusal(token(refresh_form("x"))), "400 invalid_grant");
  EXPECT_EQ(refusal(token(refresh_form(signed_in.access_token))), "400 invalid_grant");
  EXPECT_EQ(refusal(token(refresh_form(signed_in.refresh_token) + "&scope=admin")), "400 invalid_scope");
  const auto other = make_client(pool_.id);
  EXPECT_EQ(refusal(token("client_id=" + other.id.str() +
                          "&grant_type=refresh_token&refresh_token=" + signed_in.refresh_token)),
            "400 invalid_grant")
      << "another client's";
  EXPECT_EQ(refusal(token(as_machine("grant_type=refresh_token&refresh_token=" + signed_in.refresh_token))),
            "400 unauthorized_client");
  must(region_.run(identity_.users.set_enabled(pool_.id, ada.id, false, test::operator_actor())));
  EXPECT_EQ(refusal(token(refresh_form(signed_in.refresh_token))), "400 invalid_grant");
}

TEST_F(OidcEndpoints, AReusedRefreshTokenIsAnInvalidGrantAndEndsTheFamily) {
  make_user(pool_.id, "ada");
  auto rotating = web_;
  rotating.rotates_refresh_tokens = true;
  rotating.rotation_grace = std::chrono::seconds(0);
  must(region_.run(identity_.clients.update(rotating, test::operator_actor())));
  const std::string first = sign_in(web_.id, "ada").refresh_token;
  const auto second = token(refresh_form(first));
  ASSERT_EQ(second.status, 200) << second.json;
  EXPECT_TRUE(second.has_position()) << "a rotation is a write";
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(refusal(token(refresh_form(first))), "400 invalid_grant");
  EXPECT_EQ(refusal(token(refresh_form(second.json.at("refresh_token")))), "400 invalid_grant");
}

TEST_F(OidcEndpoints, RevokingEndsOnlyTheClientsOwnFamily) {
  make_user(pool_.id, "ada");
  const auto signed_in = sign_in(web_.id, "ada");
  EXPECT_EQ(revoke(as_machine("token=" + signed_in.refresh_token)).status, 200) << "silent about others'";
  EXPECT_EQ(revoke(as_web("token=unknown")).status, 200);
  EXPECT_EQ(token(refresh_form(signed_in.refresh_token)).status, 200) << "nothing revoked so far";
  const auto revoked = revoke(as_web("token_type_hint=refresh_token&token=" + signed_in.refresh_token));
  EXPECT_EQ(revoked.status, 200);
  EXPECT_EQ(revoked.header("Cache-Control"), "no-store");
  EXPECT_TRUE(revoked.json.is_null());
  EXPECT_TRUE(revoked.has_position());
  EXPECT_EQ(refusal(token(refresh_form(signed_in.refresh_token))), "400 invalid_grant");
  EXPECT_EQ(revoke(as_web("token=" + signed_in.refresh_token)).status, 200) << "twice is no error";
}

TEST_F(OidcEndpoints, RevokingIsRefusedInOAuthsWords) {
  make_user(pool_.id, "ada");
  const auto signed_in = sign_in(web_.id, "ada");
  EXPECT_EQ(refusal(revoke(as_web(""))), "400 invalid_request");
  EXPECT_EQ(refusal(revoke(as_web("token=x&token=y"))), "400 invalid_request");
  EXPECT_EQ(refusal(revoke(as_web("token=" + signed_in.access_token))), "400 unsupported_token_type");
  EXPECT_EQ(refusal(revoke("token=" + signed_in.refresh_token)), "401 invalid_client");
  const auto wrong = revoke("token=x", basic("wrong"));
  EXPECT_EQ(refusal(wrong), "401 invalid_client");
  EXPECT_TRUE(wrong.headers.has("WWW-Authenticate"));
  EXPECT_EQ(refusal(revoke(as_machine("token=x"), basic(machine_.secret))), "400 invalid_request");
}

TEST_F(OidcEndpoints, ASecondaryAnswersAllOfThis) {
  make_user(pool_.id, "ada");
  const auto signed_in = sign_in(web_.id, "ada");
  region_.become_secondary();
  EXPECT_EQ(get("/.well-known/openid-configuration").status, 200);
  EXPECT_EQ(get("/.well-known/jwks.json").status, 200);
  EXPECT_EQ(token(as_machine(own_grant)).status, 200);
  EXPECT_EQ(token(refresh_form(signed_in.refresh_token)).status, 200);
  const auto revoked = revoke(as_web("token=" + signed_in.refresh_token));
  EXPECT_EQ(revoked.status, 200);
  EXPECT_FALSE(revoked.has_position());
  EXPECT_EQ(refusal(token(refresh_form(signed_in.refresh_token))), "400 invalid_grant");
}

}  // namespace
}  // namespace holdfast::api
