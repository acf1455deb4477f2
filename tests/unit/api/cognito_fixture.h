#pragma once

#include <initializer_list>

#include "public_fixture.h"

namespace holdfast::api {

/// Calls of the Cognito JSON API, and short ways to say which exception one was answered with.
class CognitoTest : public PublicApiTest {
 protected:
  using Json = nlohmann::json;

  Answer post(std::string body, std::optional<std::string> target) {
    http::Headers headers;
    headers.add("Content-Type", "application/x-amz-json-1.1");
    if (target) headers.add("X-Amz-Target", *target);
    return send(http::Method::post, "/", std::move(body), std::move(headers));
  }
  Answer call(std::string_view operation, const Json& body) {
    return post(to_json_text(body), "AWSCognitoIdentityProviderService." + std::string(operation));
  }
  Answer initiate(const ClientId& client, const Json& parameters,
                  std::string_view flow = "USER_PASSWORD_AUTH") {
    return call("InitiateAuth",
                {{"AuthFlow", flow}, {"ClientId", client.str()}, {"AuthParameters", parameters}});
  }
  Answer password(std::string_view username, std::string_view password = test::good_password) {
    return initiate(web_.id, {{"USERNAME", username}, {"PASSWORD", password}});
  }
  Answer refresh(const std::string& token) {
    return initiate(web_.id, {{"REFRESH_TOKEN", token}}, "REFRESH_TOKEN_AUTH");
  }
  Answer answer(const std::string& session, std::string_view username, std::string_view password,
                Json more = Json::object()) {
    more["USERNAME"] = username;
    more["NEW_PASSWORD"] = password;
    return call("RespondToAuthChallenge", {{"ClientId", web_.id.str()},
                                           {"ChallengeName", "NEW_PASSWORD_REQUIRED"},
                                           {"Session", session},
                                           {"ChallengeResponses", more}});
  }
  /// "Name: message" of a refusal that is complete, headers and all; what is wrong with it otherwise.
  static std::string refusal(const Answer& answer, int status = 400) {
    if (answer.status != status) return "status " + std::to_string(answer.status);
    const std::string name = answer.json.value("__type", "<no __type>");
    const std::string message = answer.json.value("message", "<no message>");
    if (answer.header("x-amzn-errortype") != name + ":") return "x-amzn-errortype is wrong";
    if (answer.header("x-amzn-errormessage") != message) return "x-amzn-errormessage is wrong";
    if (answer.header("x-amzn-requestid") != "r-1") return "x-amzn-requestid is wrong";
    if (answer.header("Content-Type") != "application/x-amz-json-1.1") return "Content-Type is wrong";
    if (answer.header("Cache-Control") != "no-store") return "Cache-Control is wrong";
    return name + ": " + message;
  }
  static std::string exception(const Answer& answer) {
    const std::string all = refusal(answer);
    return all.substr(0, all.find(':'));
  }
  /// Of an answer with tokens.
  static Json tokens(const Answer& answer) { return answer.json.at("AuthenticationResult"); }
  static std::string token(const Answer& answer, const char* name) { return tokens(answer).at(name); }

  identity::Client make_confidential() {
    identity::Client draft;
    draft.pool = pool_.id;
    draft.name = "server";
    draft.flows = {identity::Flow::user_password, identity::Flow::refresh_token};
    draft.scopes = {std::string(identity::self_service_scope)};
    return must(region_.run(identity_.clients.create(std::move(draft), true, test::operator_actor()))).value;
  }
};

}  // namespace holdfast::api
