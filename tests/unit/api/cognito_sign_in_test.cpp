// InitiateAuth and RespondToAuthChallenge with passwords.
#include "cognito_fixture.h"
#include "holdfast/identity/client_rules.h"

namespace holdfast::api {
namespace {

using Json = nlohmann::json;
using test::good_password;

class CognitoSignIn : public CognitoTest {
 protected:
  /// The Session of the challenge that a user with a temporary password meets.
  std::string session_of(std::string_view username) {
    const auto asked = password(username);
    EXPECT_EQ(asked.json.value("ChallengeName", ""), "NEW_PASSWORD_REQUIRED") << asked.json;
    return asked.json.value("Session", "");
  }
};

std::vector<std::pair<std::string, std::string>> all_headers(const http::Headers& headers) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& field : headers) all.emplace_back(field.name, field.value);
  return all;
}

constexpr std::string_view wrong = "NotAuthorizedException: Incorrect username or password.";
constexpr std::string_view bad_challenge = "NotAuthorizedException: Invalid session for the user.";

TEST_F(CognitoSignIn, ARightPasswordGivesThreeTokens) {
  make_user(pool_.id, "ada");
  const auto answered = password("ada");
  ASSERT_EQ(answered.status, 200) << answered.json;
  EXPECT_EQ(answered.header("Content-Type"), "application/x-amz-json-1.1");
  EXPECT_EQ(answered.header("Cache-Control"), "no-store");
  EXPECT_EQ(answered.header("x-amzn-requestid"), "r-1");
  EXPECT_TRUE(answered.has_position());
  EXPECT_EQ(answered.json.at("ChallengeParameters"), Json::object());
  const Json result = tokens(answered);
  EXPECT_EQ(result.at("TokenType"), "Bearer");
  EXPECT_EQ(result.at("ExpiresIn"), 3600);
  for (const char* name : {"AccessToken", "IdToken", "RefreshToken"})
    EXPECT_FALSE(result.at(name).get<std::string>().empty()) << name;
}

TEST_F(CognitoSignIn, WhatIsNoCallOfOursIsRefusedByName) {
  const std::string body = to_json_text({{"AuthFlow", "USER_PASSWORD_AUTH"}});
  const std::string prefix = "AWSCognitoIdentityProviderService.";
  for (const auto& target : std::vector<std::optional<std::string>>{
           {}, "", "InitiateAuth", prefix, prefix + "initiateauth", prefix + "Nothing", "X." + prefix}) {
    EXPECT_EQ(exception(post(body, target)), "UnknownOperationException") << target.value_or("<absent>");
  }
  for (const char* text :
       {"", "{", "[]", "7", "\"text\"", R"({"a":1,"a":2})", R"({"a":1} x)", "{\"a\":\"\xff\"}"})
    EXPECT_EQ(exception(post(text, prefix + "InitiateAuth")), "InvalidParameterException") << text;
}

TEST_F(CognitoSignIn, MissingAndMisshapenParametersAreNamed) {
  make_user(pool_.id, "ada");
  const std::string client = web_.id.str();
  const auto with = [&](const Json& body) { return refusal(call("InitiateAuth", body)); };
  const std::string invalid = "InvalidParameterException: ";
  EXPECT_EQ(with({{"ClientId", client}}), invalid + "AuthFlow is required");
  EXPECT_EQ(with({{"AuthFlow", 7}, {"ClientId", client}}), invalid + "AuthFlow is required");
  EXPECT_EQ(with({{"AuthFlow", "USER_PASSWORD_AUTH"}}), invalid + "ClientId is required");
  EXPECT_EQ(with({{"AuthFlow", "USER_PASSWORD_AUTH"}, {"ClientId", client}}),
            invalid + "Missing required parameter USERNAME");
  EXPECT_EQ(refusal(initiate(web_.id, {{"USERNAME", "ada"}})),
            invalid + "Missing required parameter PASSWORD");
  EXPECT_EQ(refusal(initiate(web_.id, {}, "REFRESH_TOKEN_AUTH")),
            invalid + "Missing required parameter REFRESH_TOKEN");
  EXPECT_EQ(refusal(initiate(web_.id, {{"USERNAME", 7}})),
            invalid + "AuthParameters.USERNAME must be a string");
  EXPECT_EQ(refusal(initiate(web_.id, Json::array())), invalid + "AuthParameters must be an object");
  EXPECT_EQ(exception(initiate(web_.id, {}, "CUSTOM_AUTH")), "InvalidParameterException");
  // What a standard field may carry beside ours is ignored.
  const auto extra = call(
      "InitiateAuth", {{"AuthFlow", "USER_PASSWORD_AUTH"},
                       {"ClientId", client},
                       {"ClientMetadata", {{"a", "b"}}},
                       {"AuthParameters", {{"USERNAME", "ada"}, {"PASSWORD", good_password}, {"X", "y"}}}});
  EXPECT_EQ(extra.status, 200);
}

TEST_F(CognitoSignIn, AWrongPasswordAndAnUnknownUserAreOneAnswer) {
  make_user(pool_.id, "ada");
  const auto known = password("ada", "Wrong-Horse-1");
  const auto unknown = password("nobody", "Wrong-Horse-1");
  EXPECT_EQ(refusal(known), wrong);
  EXPECT_EQ(known.json, unknown.json);
  EXPECT_EQ(all_headers(known.headers), all_headers(unknown.headers));
  EXPECT_EQ(refusal(password("ada", "")), wrong);
  EXPECT_EQ(refusal(password("ada", std::string(257, 'a'))), wrong);
  EXPECT_EQ(refusal(password("nobody", std::string(257, 'a'))), wrong);
}

TEST_F(CognitoSignIn, ADisabledUserLearnsItOnlyWithTheRightPassword) {
  const auto ada = make_user(pool_.id, "ada");
  must(region_.run(identity_.users.set_enabled(pool_.id, ada.id, false, test::operator_actor())));
  EXPECT_EQ(refusal(password("ada")), "NotAuthorizedException: User is disabled.");
  EXPECT_EQ(refusal(password("ada", "Wrong-Horse-1")), wrong);
}

TEST_F(CognitoSignIn, AfterFiveFailuresEvenTheRightPasswordWaitsKnownOrNot) {
  make_user(pool_.id, "ada");
  for (const char* name : {"ada", "nobody"}) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(refusal(password(name, "Wrong-Horse-1")), wrong) << name << i;
    EXPECT_EQ(refusal(password(name)), "NotAuthorizedException: Password attempts exceeded") << name;
  }
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(password("ada").status, 200);
}

TEST_F(CognitoSignIn, OnlyKnownEnabledClientsMayCallAndOnlyTheirFlows) {
  make_user(pool_.id, "ada");
  const Json parameters = {{"USERNAME", "ada"}, {"PASSWORD", good_password}};
  EXPECT_EQ(exception(initiate(ClientId("unknown"), parameters)), "ResourceNotFoundException");
  EXPECT_EQ(exception(initiate(ClientId("<script>\r\nx: y"), parameters)), "ResourceNotFoundException");
  EXPECT_EQ(refusal(initiate(make_machine(pool_.id).id, parameters)),
            "InvalidParameterException: USER_PASSWORD_AUTH flow not enabled for this client");
  auto changed = web_;
  changed.flows = {identity::Flow::user_password};
  must(region_.run(identity_.clients.update(changed, test::operator_actor())));
  EXPECT_EQ(refusal(refresh(token(password("ada"), "RefreshToken"))),
            "InvalidParameterException: REFRESH_TOKEN_AUTH flow not enabled for this client");
  changed.enabled = false;
  must(region_.run(identity_.clients.update(changed, test::operator_actor())));
  EXPECT_EQ(exception(password("ada")), "ResourceNotFoundException");
}

TEST_F(CognitoSignIn, AUserOfAnotherPoolIsUnknownHere) {
  make_user(make_pool().id, "ada");
  EXPECT_EQ(refusal(password("ada")), wrong);
}

TEST_F(CognitoSignIn, ConfidentialClientsBringTheRightSecretHashAndPublicOnesNone) {
  make_user(pool_.id, "ada");
  make_user(pool_.id, "new", false);
  const auto server = make_confidential();
  const auto with = [&](std::optional<std::string> hash) {
    Json parameters = {{"USERNAME", "ada"}, {"PASSWORD", good_password}};
    if (hash) parameters["SECRET_HASH"] = *hash;
    return initiate(server.id, parameters);
  };
  EXPECT_EQ(refusal(with({})), "NotAuthorizedException: Client " + server.id.str() +
                                   " is configured with secret but SECRET_HASH was not received");
  const std::string unverified =
      "NotAuthorizedException: Unable to verify secret hash for client " + server.id.str();
  EXPECT_EQ(refusal(with("")), unverified);
  EXPECT_EQ(refusal(with("AAAA")), unverified);
  EXPECT_EQ(refusal(with(server.secret)), unverified) << "the secret itself is no hash";
  EXPECT_EQ(refusal(with(secret_hash(server, "bob"))), unverified);
  const auto signed_in = with(secret_hash(server, "ada"));
  ASSERT_EQ(signed_in.status, 200) << signed_in.json;
  const std::string refresh_token = token(signed_in, "RefreshToken");
  EXPECT_EQ(exception(initiate(server.id, {{"REFRESH_TOKEN", refresh_token}}, "REFRESH_TOKEN_AUTH")),
            "NotAuthorizedException");
  EXPECT_EQ(
      initiate(server.id, {{"REFRESH_TOKEN", refresh_token}, {"SECRET_HASH", secret_hash(server, "ada")}},
               "REFRESH_TOKEN_AUTH")
          .status,
      200);
  EXPECT_EQ(exception(initiate(web_.id,
                               {{"USERNAME", "ada"}, {"PASSWORD", good_password}, {"SECRET_HASH", "AAAA"}})),
            "NotAuthorizedException");
}

TEST_F(CognitoSignIn, TheAnswerToAChallengeNeedsTheSecretHashToo) {
  make_user(pool_.id, "new", false);
  const auto server = make_confidential();
  const auto asked = initiate(
      server.id,
      {{"USERNAME", "new"}, {"PASSWORD", good_password}, {"SECRET_HASH", secret_hash(server, "new")}});
  const auto respond = [&](Json responses) {
    responses["USERNAME"] = "new";
    responses["NEW_PASSWORD"] = "Better-Horse-2";
    return call("RespondToAuthChallenge", {{"ClientId", server.id.str()},
                                           {"ChallengeName", "NEW_PASSWORD_REQUIRED"},
                                           {"Session", asked.json.at("Session")},
                                           {"ChallengeResponses", responses}});
  };
  EXPECT_EQ(exception(respond({})), "NotAuthorizedException");
  EXPECT_EQ(exception(respond({{"SECRET_HASH", "AAAA"}})), "NotAuthorizedException");
  EXPECT_EQ(respond({{"SECRET_HASH", secret_hash(server, "new")}}).status, 200);
}

TEST_F(CognitoSignIn, ATemporaryPasswordLeadsToTheChallengeAndItsAnswerToTokens) {
  make_user(pool_.id, "new", false);
  const auto asked = password("new");
  ASSERT_EQ(asked.status, 200);
  EXPECT_FALSE(asked.json.contains("AuthenticationResult"));
  const Json parameters = asked.json.at("ChallengeParameters");
  EXPECT_EQ(parameters.at("USER_ID_FOR_SRP"), "new");
  EXPECT_EQ(parse_json(parameters.at("userAttributes").get<std::string>())->at("email"), "ada@example.com");
  EXPECT_EQ(parameters.at("requiredAttributes"), "[]");
  const auto answered = answer(asked.json.at("Session"), "new", "Better-Horse-2");
  ASSERT_EQ(answered.status, 200) << answered.json;
  EXPECT_TRUE(answered.has_position());
  EXPECT_EQ(refresh(token(answered, "RefreshToken")).status, 200);
  EXPECT_EQ(refusal(password("new")), wrong);
  EXPECT_EQ(password("new", "Better-Horse-2").status, 200);
}

TEST_F(CognitoSignIn, AForgedForeignExpiredOrUsedSessionOpensNothing) {
  make_user(pool_.id, "new", false);
  make_user(pool_.id, "ada");
  const std::string good = session_of("new");
  EXPECT_EQ(refusal(answer("", "new", "Better-Horse-2")), bad_challenge);
  EXPECT_EQ(refusal(answer("AAAA", "new", "Better-Horse-2")), bad_challenge);
  std::string forged = good;
  forged[forged.size() / 2] = forged[forged.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(refusal(answer(forged, "new", "Better-Horse-2")), bad_challenge);
  EXPECT_EQ(refusal(answer(good, "ada", "Better-Horse-2")), bad_challenge) << "another user's name";
  EXPECT_EQ(refusal(answer(token(password("ada"), "RefreshToken"), "ada", "Better-Horse-2")), bad_challenge)
      << "a refresh token is no Session";
  const auto other = make_client(pool_.id);
  EXPECT_EQ(
      refusal(call("RespondToAuthChallenge",
                   {{"ClientId", other.id.str()},
                    {"ChallengeName", "NEW_PASSWORD_REQUIRED"},
                    {"Session", good},
                    {"ChallengeResponses", {{"USERNAME", "new"}, {"NEW_PASSWORD", "Better-Horse-2"}}}})),
      bad_challenge)
      << "another client's";
  region_.clock().advance(std::chrono::minutes(3));
  EXPECT_EQ(refusal(answer(good, "new", "Better-Horse-2")), bad_challenge) << "expired";
  const std::string used = session_of("new");
  EXPECT_EQ(answer(used, "new", "Better-Horse-2").status, 200);
  EXPECT_EQ(exception(answer(used, "new", "Third-Horse-3")), "NotAuthorizedException") << "used";
  EXPECT_EQ(password("new", "Better-Horse-2").status, 200) << "and it changed nothing";
}

TEST_F(CognitoSignIn, TheNewPasswordMustFitThePolicyAndMayBeTriedAgain) {
  make_user(pool_.id, "new", false);
  const std::string session = session_of("new");
  for (const char* weak :
       {"", "Short-1", "all-lower-case-1", "ALL-UPPER-CASE-1", "No-Digits-Here", "NoSymbol1"})
    EXPECT_EQ(exception(answer(session, "new", weak)), "InvalidPasswordException") << weak;
  EXPECT_EQ(answer(session, "new", "Better-Horse-2").status, 200);
}

TEST_F(CognitoSignIn, AnAnswerIsCheckedForItsParts) {
  make_user(pool_.id, "new", false);
  const std::string session = session_of("new");
  const Json whole = {{"ClientId", web_.id.str()},
                      {"ChallengeName", "NEW_PASSWORD_REQUIRED"},
                      {"Session", session},
                      {"ChallengeResponses", {{"USERNAME", "new"}, {"NEW_PASSWORD", "Better-Horse-2"}}}};
  for (const char* name : {"ClientId", "ChallengeName", "Session", "ChallengeResponses"}) {
    Json without = whole;
    without.erase(name);
    EXPECT_EQ(exception(call("RespondToAuthChallenge", without)), "InvalidParameterException") << name;
  }
  for (const char* name : {"USERNAME", "NEW_PASSWORD"}) {
    Json without = whole;
    without["ChallengeResponses"].erase(name);
    EXPECT_EQ(refusal(call("RespondToAuthChallenge", without)),
              "InvalidParameterException: Missing required parameter " + std::string(name));
  }
  Json other = whole;
  other["ChallengeName"] = "SMS_MFA";
  EXPECT_EQ(exception(call("RespondToAuthChallenge", other)), "InvalidParameterException");
  EXPECT_EQ(exception(answer(session, "new", "Better-Horse-2", {{"userAttributes.email_verified", "true"}})),
            "InvalidParameterException");
  EXPECT_EQ(call("RespondToAuthChallenge", whole).status, 200);
}

TEST_F(CognitoSignIn, ATemporaryPasswordExpires) {
  make_user(pool_.id, "new", false);
  region_.clock().advance(std::chrono::days(7));
  EXPECT_EQ(refusal(password("new")),
            "NotAuthorizedException: Temporary password has expired and must be reset by an administrator.");
}

TEST_F(CognitoSignIn, ASecondarySignsInAndNamesThePrimaryForWhatItCannotWrite) {
  make_user(pool_.id, "ada");
  make_user(pool_.id, "new", false);
  region_.become_secondary();
  const auto signed_in = password("ada");
  ASSERT_EQ(signed_in.status, 200) << signed_in.json;
  EXPECT_FALSE(signed_in.has_position());
  const auto refused = refusal(answer(session_of("new"), "new", "Better-Horse-2"));
  EXPECT_TRUE(refused.starts_with("OperationNotEnabledException: ")) << refused;
  EXPECT_TRUE(refused.contains("https://us-east-1.example:8443")) << refused;
}

TEST_F(CognitoSignIn, PreflightsOfRegisteredAppsAreAllowedWithoutCredentials) {
  register_app("photos", pool_.id, web_.id, "https://app.example.com");
  http::Headers headers;
  headers.add("Access-Control-Request-Method", "POST");
  headers.add("Access-Control-Request-Headers", "content-type, x-amz-target, x-amz-user-agent");
  http::Headers registered = headers;
  registered.add("Origin", "https://app.example.com");
  const auto allowed = send(http::Method::options, "/", "", registered);
  EXPECT_EQ(allowed.status, 204);
  EXPECT_EQ(allowed.header("Access-Control-Allow-Origin"), "https://app.example.com");
  EXPECT_EQ(allowed.header("Access-Control-Allow-Headers"), "content-type, x-amz-target, x-amz-user-agent");
  EXPECT_FALSE(allowed.headers.has("Access-Control-Allow-Credentials"));
  headers.add("Origin", "https://evil.example");
  EXPECT_FALSE(send(http::Method::options, "/", "", headers).headers.has("Access-Control-Allow-Origin"));
}

TEST_F(CognitoSignIn, AnswersAreReadByPagesOfTheClientsAppsAlone) {
  make_user(pool_.id, "ada");
  const identity::Client other = make_client(pool_.id);
  register_app("photos", pool_.id, web_.id, "https://photos.example");
  register_app("notes", pool_.id, other.id, "https://notes.example");
  const auto call_from = [&](std::string_view operation, const Json& body, std::string_view origin) {
    http::Headers headers;
    headers.add("X-Amz-Target", "AWSCognitoIdentityProviderService." + std::string(operation));
    return page(http::Method::post, "/", to_json_text(body), origin, headers);
  };
  const Json sign_in{{"AuthFlow", "USER_PASSWORD_AUTH"},
                     {"ClientId", web_.id.str()},
                     {"AuthParameters", {{"USERNAME", "ada"}, {"PASSWORD", test::good_password}}}};
  EXPECT_EQ(call_from("InitiateAuth", sign_in, "https://photos.example"), "https://photos.example");
  EXPECT_EQ(call_from("InitiateAuth", sign_in, "https://notes.example"), "<none>") << "another client's app";
  EXPECT_EQ(call_from("InitiateAuth", sign_in, "https://evil.example"), "<none>");
  const Json with_token{{"AccessToken", token(password("ada"), "AccessToken")}};
  EXPECT_EQ(call_from("GetUser", with_token, "https://photos.example"), "https://photos.example");
  EXPECT_EQ(call_from("GetUser", with_token, "https://notes.example"), "<none>");
  EXPECT_EQ(call_from("InitiateAuth", Json::array(), "https://notes.example"), "https://notes.example")
      << "an error that is nobody's";
  EXPECT_EQ(call_from("InitiateAuth", Json::array(), "https://evil.example"), "<none>");
}

}  // namespace
}  // namespace holdfast::api
