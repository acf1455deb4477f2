// The Cognito operations on tokens: refreshing, GetUser, ChangePassword, GlobalSignOut, RevokeToken.
#include "cognito_fixture.h"
#include "holdfast/identity/client_rules.h"

namespace holdfast::api {
namespace {

using Json = nlohmann::json;
using test::good_password;

class CognitoTokens : public CognitoTest {
 protected:
  Answer get_user(const std::string& access_token) {
    return call("GetUser", {{"AccessToken", access_token}});
  }
  Answer change(const std::string& access_token, std::string_view before, std::string_view after) {
    return call("ChangePassword",
                {{"AccessToken", access_token}, {"PreviousPassword", before}, {"ProposedPassword", after}});
  }
  Answer revoke(const ClientId& client, const std::string& refresh_token) {
    return call("RevokeToken", {{"ClientId", client.str()}, {"Token", refresh_token}});
  }
  Answer refresh_directly(const Json& body) { return call("GetTokensFromRefreshToken", body); }
  identity::Client rotating() {
    auto changed = web_;
    changed.rotates_refresh_tokens = true;
    changed.rotation_grace = std::chrono::seconds(10);
    return must(region_.run(identity_.clients.update(changed, test::operator_actor()))).value;
  }

  identity::User ada_ = make_user(pool_.id, "ada");
};

TEST_F(CognitoTokens, GetUserShowsTheUserBehindTheToken) {
  const auto shown = get_user(token(password("ada"), "AccessToken"));
  ASSERT_EQ(shown.status, 200) << shown.json;
  EXPECT_EQ(shown.json, Json({{"Username", "ada"},
                              {"UserAttributes",
                               {{{"Name", "sub"}, {"Value", ada_.id.str()}},
                                {{"Name", "email"}, {"Value", "ada@example.com"}}}}}));
}

TEST_F(CognitoTokens, EverySelfServiceOperationChecksTheToken) {
  const auto signed_in = password("ada");
  const std::string good = token(signed_in, "AccessToken");
  std::string forged = good;
  const auto middle = forged.find('.') + 5;
  forged[middle] = forged[middle] == 'A' ? 'B' : 'A';
  const std::vector<std::string> bad = {"",
                                        "x",
                                        "a.b.c",
                                        forged,
                                        good.substr(0, good.rfind('.') + 1),
                                        token(signed_in, "IdToken"),
                                        token(signed_in, "RefreshToken")};
  for (const char* operation : {"GetUser", "ChangePassword", "GlobalSignOut"}) {
    const auto with = [&](const Json& access_token) {
      return call(operation, {{"AccessToken", access_token},
                              {"PreviousPassword", good_password},
                              {"ProposedPassword", "Better-Horse-2"}});
    };
    for (const auto& text : bad)
      EXPECT_EQ(exception(with(text)), "NotAuthorizedException") << operation << text;
    EXPECT_EQ(exception(with(7)), "InvalidParameterException") << operation;
    EXPECT_EQ(exception(call(operation, Json::object())), "InvalidParameterException") << operation;
  }
  EXPECT_EQ(password("ada").status, 200) << "nothing changed";
  EXPECT_EQ(get_user(good).status, 200);
}

TEST_F(CognitoTokens, ATokenExpiresAndDiesWithItsUserClientAndSession) {
  const std::string early = token(password("ada"), "AccessToken");
  region_.clock().advance(std::chrono::hours(1));
  EXPECT_EQ(exception(get_user(early)), "NotAuthorizedException");
  const auto signed_in = password("ada");
  const std::string good = token(signed_in, "AccessToken");
  const auto enable = [&](bool enabled) {
    must(region_.run(identity_.users.set_enabled(pool_.id, ada_.id, enabled, test::operator_actor())));
  };
  enable(false);
  EXPECT_EQ(exception(get_user(good)), "NotAuthorizedException");
  EXPECT_EQ(refusal(refresh(token(signed_in, "RefreshToken"))), "NotAuthorizedException: User is disabled.");
  enable(true);
  EXPECT_EQ(get_user(good).status, 200);
  auto off = web_;
  off.enabled = false;
  must(region_.run(identity_.clients.update(off, test::operator_actor())));
  EXPECT_EQ(exception(get_user(good)), "NotAuthorizedException");
}

TEST_F(CognitoTokens, SelfServiceNeedsItsScopeAndAUser) {
  auto narrow = web_;
  narrow.scopes = {"openid"};
  must(region_.run(identity_.clients.update(narrow, test::operator_actor())));
  EXPECT_EQ(exception(get_user(token(password("ada"), "AccessToken"))), "NotAuthorizedException");
  const auto machine = make_machine(pool_.id);
  http::Headers headers;
  headers.add("Content-Type", "application/x-www-form-urlencoded");
  const auto granted =
      send(http::Method::post, "/" + pool_.id.str() + "/oauth2/token",
           "grant_type=client_credentials&client_id=" + machine.id.str() + "&client_secret=" + machine.secret,
           headers);
  EXPECT_EQ(exception(get_user(granted.json.at("access_token"))), "NotAuthorizedException");
}

TEST_F(CognitoTokens, AnotherPoolsTokenShowsThatPoolsUserAndNoOther) {
  const auto other = make_pool();
  make_user(other.id, "ada");
  const auto client = make_client(other.id);
  const std::string theirs =
      token(initiate(client.id, {{"USERNAME", "ada"}, {"PASSWORD", good_password}}), "AccessToken");
  const auto shown = get_user(theirs);
  ASSERT_EQ(shown.status, 200);
  EXPECT_NE(shown.json.at("UserAttributes")[0].at("Value"), ada_.id.str());
  // Signed by one pool, naming another: the payload of ours with their header and signature.
  const std::string ours = token(password("ada"), "AccessToken");
  const auto part = [](const std::string& text, bool payload) {
    const auto first = text.find('.');
    const auto last = text.rfind('.');
    return payload ? text.substr(first, last - first) : text;
  };
  const std::string mixed =
      theirs.substr(0, theirs.find('.')) + part(ours, true) + theirs.substr(theirs.rfind('.'));
  EXPECT_EQ(exception(get_user(mixed)), "NotAuthorizedException");
}

TEST_F(CognitoTokens, RefreshingGivesNewTokensAndRefusesWhatIsNotTheClients) {
  const auto signed_in = password("ada");
  const std::string good = token(signed_in, "RefreshToken");
  for (const auto& answered : {refresh(good), initiate(web_.id, {{"REFRESH_TOKEN", good}}, "REFRESH_TOKEN"),
                               refresh_directly({{"ClientId", web_.id.str()}, {"RefreshToken", good}})}) {
    ASSERT_EQ(answered.status, 200) << answered.json;
    EXPECT_FALSE(tokens(answered).contains("RefreshToken")) << "this client does not rotate";
    EXPECT_EQ(get_user(token(answered, "AccessToken")).status, 200);
  }
  const std::string invalid = "NotAuthorizedException: Invalid Refresh Token";
  for (const auto& bad : {std::string("x"), std::string(), token(signed_in, "AccessToken"), good + "A"})
    EXPECT_EQ(refusal(refresh(bad)), invalid) << bad;
  const auto other = make_client(pool_.id);
  EXPECT_EQ(refusal(initiate(other.id, {{"REFRESH_TOKEN", good}}, "REFRESH_TOKEN_AUTH")), invalid);
  const auto foreign = make_client(make_pool().id);
  EXPECT_EQ(refusal(initiate(foreign.id, {{"REFRESH_TOKEN", good}}, "REFRESH_TOKEN_AUTH")), invalid);
  region_.clock().advance(std::chrono::days(30));
  EXPECT_EQ(refusal(refresh(good)), invalid) << "expired";
}

TEST_F(CognitoTokens, GetTokensFromRefreshTokenTakesTheSecretOfAConfidentialClient) {
  const auto server = make_confidential();
  const auto outcome = must(try_sign_in(server.id, "ada", std::string(good_password),
                                        {.secret_hash = secret_hash(server, "ada"), .secret = {}}));
  const std::string good = std::get<identity::UserTokens>(outcome).refresh_token;
  Json body = {{"ClientId", server.id.str()}, {"RefreshToken", good}};
  EXPECT_EQ(exception(refresh_directly(body)), "NotAuthorizedException");
  body["ClientSecret"] = "wrong";
  EXPECT_EQ(exception(refresh_directly(body)), "NotAuthorizedException");
  body["ClientSecret"] = 7;
  EXPECT_EQ(exception(refresh_directly(body)), "InvalidParameterException");
  body["ClientSecret"] = server.secret;
  EXPECT_EQ(refresh_directly(body).status, 200);
  for (const char* name : {"ClientId", "RefreshToken"}) {
    Json without = body;
    without.erase(name);
    EXPECT_EQ(exception(refresh_directly(without)), "InvalidParameterException") << name;
  }
}

TEST_F(CognitoTokens, AReusedRefreshTokenEndsItsFamily) {
  rotating();
  const auto signed_in = password("ada");
  const std::string first = token(signed_in, "RefreshToken");
  const auto second = refresh(first);
  ASSERT_NE(token(second, "RefreshToken"), first);
  EXPECT_EQ(refresh(first).status, 200) << "within the grace a reply may have been lost";
  region_.clock().advance(std::chrono::seconds(11));
  EXPECT_EQ(exception(refresh(first)), "RefreshTokenReuseException");
  EXPECT_EQ(refusal(refresh(token(second, "RefreshToken"))),
            "NotAuthorizedException: Refresh Token has been revoked");
  EXPECT_EQ(exception(get_user(token(second, "AccessToken"))), "NotAuthorizedException");
}

TEST_F(CognitoTokens, ChangePasswordNeedsTheOldOneAndAStrongNewOne) {
  const std::string good = token(password("ada"), "AccessToken");
  EXPECT_EQ(refusal(change(good, "Wrong-Horse-1", "Better-Horse-2")),
            "NotAuthorizedException: Incorrect username or password.");
  EXPECT_EQ(exception(change(good, good_password, "weak")), "InvalidPasswordException");
  EXPECT_EQ(exception(call("ChangePassword", {{"AccessToken", good}, {"PreviousPassword", "x"}})),
            "InvalidParameterException");
  EXPECT_EQ(exception(call("ChangePassword", {{"AccessToken", good}, {"ProposedPassword", "x"}})),
            "InvalidParameterException");
  const auto changed = change(good, good_password, "Better-Horse-2");
  ASSERT_EQ(changed.status, 200) << changed.json;
  EXPECT_EQ(changed.json, Json::object());
  EXPECT_TRUE(changed.has_position());
  EXPECT_EQ(exception(password("ada")), "NotAuthorizedException");
  EXPECT_EQ(password("ada", "Better-Horse-2").status, 200);
}

TEST_F(CognitoTokens, GuessingThroughChangePasswordIsLockedOutToo) {
  const std::string good = token(password("ada"), "AccessToken");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(exception(change(good, "Wrong-Horse-1", "Better-Horse-2")), "NotAuthorizedException");
  }
  EXPECT_EQ(refusal(change(good, good_password, "Better-Horse-2")),
            "NotAuthorizedException: Password attempts exceeded");
}

TEST_F(CognitoTokens, GlobalSignOutEndsEverySession) {
  const auto one = password("ada");
  const auto two = password("ada");
  const auto out = call("GlobalSignOut", {{"AccessToken", token(one, "AccessToken")}});
  ASSERT_EQ(out.status, 200);
  EXPECT_EQ(out.json, Json::object());
  EXPECT_TRUE(out.has_position());
  for (const auto& signed_in : {one, two}) {
    EXPECT_EQ(exception(get_user(token(signed_in, "AccessToken"))), "NotAuthorizedException");
    EXPECT_EQ(refusal(refresh(token(signed_in, "RefreshToken"))),
              "NotAuthorizedException: Refresh Token has been revoked");
  }
  region_.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(get_user(token(password("ada"), "AccessToken")).status, 200) << "a new session is another";
}

TEST_F(CognitoTokens, RevokeTokenEndsItsOwnFamilyOnly) {
  const auto one = password("ada");
  const auto two = password("ada");
  const auto other = make_client(pool_.id);
  EXPECT_EQ(revoke(other.id, token(one, "RefreshToken")).status, 200) << "not told that it is not theirs";
  EXPECT_EQ(revoke(web_.id, "rubbish").status, 200);
  EXPECT_EQ(get_user(token(one, "AccessToken")).status, 200) << "nothing revoked so far";
  const auto revoked = revoke(web_.id, token(one, "RefreshToken"));
  EXPECT_EQ(revoked.status, 200);
  EXPECT_TRUE(revoked.has_position());
  EXPECT_EQ(exception(get_user(token(one, "AccessToken"))), "NotAuthorizedException");
  EXPECT_EQ(exception(refresh(token(one, "RefreshToken"))), "NotAuthorizedException");
  EXPECT_EQ(get_user(token(two, "AccessToken")).status, 200);
}

TEST_F(CognitoTokens, RevokeTokenTakesRefreshTokensOnly) {
  const auto signed_in = password("ada");
  for (const auto* kind : {"AccessToken", "IdToken"}) {
    const auto refused = revoke(web_.id, token(signed_in, kind));
    EXPECT_EQ(refused.status, 400) << kind;
    EXPECT_EQ(exception(refused), "UnsupportedTokenTypeException") << kind;
  }
  EXPECT_EQ(get_user(token(signed_in, "AccessToken")).status, 200);
}

TEST_F(CognitoTokens, RevokeTokenKnowsItsCaller) {
  const auto server = make_confidential();
  EXPECT_EQ(exception(revoke(ClientId("unknown"), "x")), "ResourceNotFoundException");
  EXPECT_EQ(exception(revoke(server.id, "x")), "NotAuthorizedException");
  const auto with = [&](const ClientId& client, const Json& secret) {
    return call("RevokeToken", {{"ClientId", client.str()}, {"Token", "x"}, {"ClientSecret", secret}});
  };
  EXPECT_EQ(exception(with(server.id, "wrong")), "NotAuthorizedException");
  EXPECT_EQ(exception(with(web_.id, "x")), "NotAuthorizedException") << "a public client has none";
  EXPECT_EQ(exception(with(server.id, 7)), "InvalidParameterException");
  EXPECT_EQ(with(server.id, server.secret).status, 200);
  EXPECT_EQ(exception(call("RevokeToken", {{"ClientId", web_.id.str()}})), "InvalidParameterException");
  EXPECT_EQ(exception(call("RevokeToken", {{"Token", "x"}})), "InvalidParameterException");
}

TEST_F(CognitoTokens, ASecondaryRefusesWritesAndHonoursRevocationsAtOnce) {
  const auto signed_in = password("ada");
  const std::string good = token(signed_in, "AccessToken");
  region_.become_secondary();
  EXPECT_EQ(get_user(good).status, 200);
  EXPECT_EQ(refresh(token(signed_in, "RefreshToken")).status, 200);
  const auto refused = change(good, good_password, "Better-Horse-2");
  EXPECT_EQ(exception(refused), "OperationNotEnabledException");
  EXPECT_TRUE(refusal(refused).contains("https://us-east-1.example:8443")) << refusal(refused);
  const auto revoked = revoke(web_.id, token(signed_in, "RefreshToken"));
  EXPECT_EQ(revoked.status, 200);
  EXPECT_FALSE(revoked.has_position()) << "remembered here alone";
  EXPECT_EQ(exception(get_user(good)), "NotAuthorizedException");
}

}  // namespace
}  // namespace holdfast::api
