#include "holdfast/api/cognito_endpoint.h"

#include <map>
#include <nlohmann/json.hpp>

#include "cognito_errors.h"
#include "holdfast/api/cors.h"
#include "holdfast/api/written.h"
#include "holdfast/base/json.h"
#include "holdfast/base/json_writer.h"
#include "holdfast/identity/token_claims.h"

namespace holdfast::api {
namespace {

using http::Request;
using http::Response;

constexpr std::string_view target_prefix = "AWSCognitoIdentityProviderService.";

/// One call, taken apart.
struct CognitoCall {
  CognitoParts parts;
  nlohmann::json body;
  identity::Origin origin;
};

/// A JSON object of texts, like AuthParameters. Unknown names are ignored, as the service does.
using Texts = std::map<std::string, std::string, std::less<>>;

Result<Texts> texts_of(const nlohmann::json& body, const char* name) {
  Texts texts;
  const auto found = body.find(name);
  if (found == body.end() || found->is_null()) return texts;
  if (!found->is_object())
    return fail(ErrorKind::invalid, "invalid_field", std::string(name) + " must be an object");
  for (const auto& [key, value] : found->items()) {
    if (!value.is_string())
      return fail(ErrorKind::invalid, "invalid_field", std::string(name) + "." + key + " must be a string");
    texts.emplace(key, value.get<std::string>());
  }
  return texts;
}

Result<std::string> text_of(const nlohmann::json& body, const char* name) {
  const auto found = body.find(name);
  if (found != body.end() && found->is_string()) return found->get<std::string>();
  return fail(ErrorKind::invalid, "missing_field", std::string(name) + " is required");
}

Result<std::string> text_of(const Texts& texts, const char* name) {
  const auto found = texts.find(name);
  if (found != texts.end()) return found->second;
  return fail(ErrorKind::invalid, "missing_field", "Missing required parameter " + std::string(name));
}

std::optional<std::string> find_text(const Texts& texts, const char* name) {
  const auto found = texts.find(name);
  if (found == texts.end()) return std::nullopt;
  return found->second;
}

Response amz_text(std::string json) {
  auto response = http::respond(200, amz_json, std::move(json));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Response amz_answer(const nlohmann::json& body) { return amz_text(to_json_text(body)); }

Response tokens_answer(const identity::UserTokens& tokens) {
  JsonWriter json;
  json.open_object().name("AuthenticationResult").open_object();
  json.name("AccessToken").text(tokens.access_token);
  json.name("ExpiresIn").signed_number(tokens.expires_in.count());
  json.name("IdToken").text(tokens.id_token);
  if (!tokens.refresh_token.empty()) json.name("RefreshToken").text(tokens.refresh_token);
  json.name("TokenType").text("Bearer").close_object();
  json.name("ChallengeParameters").open_object().close_object().close_object();
  auto response = amz_text(json.take());
  if (tokens.receipt) add_receipt(response, *tokens.receipt);
  return response;
}

Response challenge_answer(const identity::NewPasswordChallenge& challenge) {
  const nlohmann::json attributes(challenge.user.attributes);
  nlohmann::json required = nlohmann::json::array();
  for (const auto& name : challenge.required_attributes) required.push_back("userAttributes." + name);
  return amz_answer({{"ChallengeName", "NEW_PASSWORD_REQUIRED"},
                     {"Session", challenge.session},
                     {"ChallengeParameters",
                      {{"USER_ID_FOR_SRP", challenge.user.username},
                       {"userAttributes", to_json_text(attributes)},
                       {"requiredAttributes", to_json_text(required)}}}});
}

async::Task<Result<Response>> sign_in_with_password(CognitoCall call, ClientId client, Texts parameters) {
  identity::PasswordSignIn request{.client = std::move(client), .origin = std::move(call.origin)};
  CO_TRY(request.username, text_of(parameters, "USERNAME"));
  CO_TRY(request.password, text_of(parameters, "PASSWORD"));
  request.proof.secret_hash = find_text(parameters, "SECRET_HASH");
  CO_TRY(const auto outcome, co_await call.parts.identity.sign_in.sign_in(std::move(request)));
  if (const auto* challenge = std::get_if<identity::NewPasswordChallenge>(&outcome))
    co_return challenge_answer(*challenge);
  co_return tokens_answer(std::get<identity::UserTokens>(outcome));
}

async::Task<Result<Response>> sign_in_with_refresh(CognitoCall call, ClientId client, Texts parameters) {
  identity::RefreshRequest request{.client = std::move(client), .origin = std::move(call.origin)};
  CO_TRY(request.refresh_token, text_of(parameters, "REFRESH_TOKEN"));
  // The SDKs put the secret itself into SECRET_HASH here for some clients; the hash needs a username we do
  // not get.
  request.proof.secret_hash = find_text(parameters, "SECRET_HASH");
  CO_TRY(const auto tokens, co_await call.parts.identity.sign_in.refresh(std::move(request)));
  co_return tokens_answer(tokens);
}

async::Task<Result<Response>> initiate_auth(CognitoCall call) {
  CO_TRY(const auto flow, text_of(call.body, "AuthFlow"));
  CO_TRY(const auto client, text_of(call.body, "ClientId"));
  CO_TRY(auto parameters, texts_of(call.body, "AuthParameters"));
  if (flow == "USER_PASSWORD_AUTH") {
    co_return co_await sign_in_with_password(std::move(call), ClientId(client), std::move(parameters));
  }
  if (flow == "REFRESH_TOKEN_AUTH" || flow == "REFRESH_TOKEN") {
    co_return co_await sign_in_with_refresh(std::move(call), ClientId(client), std::move(parameters));
  }
  co_return fail(ErrorKind::invalid, "invalid_parameter",
                 "AuthFlow must be USER_PASSWORD_AUTH or REFRESH_TOKEN_AUTH");
}

async::Task<Result<Response>> respond_to_challenge(CognitoCall call) {
  CO_TRY(const auto challenge, text_of(call.body, "ChallengeName"));
  if (challenge != "NEW_PASSWORD_REQUIRED") {
    co_return fail(ErrorKind::invalid, "invalid_parameter", "ChallengeName must be NEW_PASSWORD_REQUIRED");
  }
  identity::NewPasswordAnswer request{.origin = std::move(call.origin)};
  CO_TRY(auto client, text_of(call.body, "ClientId"));
  request.client = ClientId(std::move(client));
  CO_TRY(request.session, text_of(call.body, "Session"));
  CO_TRY(const auto responses, texts_of(call.body, "ChallengeResponses"));
  CO_TRY(request.username, text_of(responses, "USERNAME"));
  CO_TRY(request.new_password, text_of(responses, "NEW_PASSWORD"));
  request.proof.secret_hash = find_text(responses, "SECRET_HASH");
  constexpr std::string_view attribute_prefix = "userAttributes.";
  for (const auto& [name, value] : responses) {
    if (name.starts_with(attribute_prefix)) request.attributes[name.substr(attribute_prefix.size())] = value;
  }
  CO_TRY(const auto tokens, co_await call.parts.identity.sign_in.answer(std::move(request)));
  co_return tokens_answer(tokens);
}

async::Task<Result<Response>> get_tokens_from_refresh_token(CognitoCall call) {
  identity::RefreshRequest request{.origin = std::move(call.origin)};
  CO_TRY(auto client, text_of(call.body, "ClientId"));
  request.client = ClientId(std::move(client));
  CO_TRY(request.refresh_token, text_of(call.body, "RefreshToken"));
  if (call.body.contains("ClientSecret")) {
    CO_TRY(request.proof.secret, text_of(call.body, "ClientSecret"));
  }
  CO_TRY(const auto tokens, co_await call.parts.identity.sign_in.refresh(std::move(request)));
  co_return tokens_answer(tokens);
}

async::Task<Result<identity::VerifiedUser>> caller_of(const CognitoCall* call) {
  CO_TRY(auto token, text_of(call->body, "AccessToken"));
  co_return co_await call->parts.identity.tokens.verify_self_service(std::move(token));
}

async::Task<Result<Response>> get_user(CognitoCall call) {
  CO_TRY(const auto caller, co_await caller_of(&call));
  CO_TRY(const auto user, call.parts.identity.users.get(caller.pool, caller.user));
  nlohmann::json attributes = nlohmann::json::array({{{"Name", "sub"}, {"Value", user.id.str()}}});
  for (const auto& [name, value] : user.attributes) attributes.push_back({{"Name", name}, {"Value", value}});
  co_return amz_answer({{"Username", user.username}, {"UserAttributes", std::move(attributes)}});
}

async::Task<Result<Response>> change_password(CognitoCall call) {
  CO_TRY(const auto caller, co_await caller_of(&call));
  CO_TRY(auto previous, text_of(call.body, "PreviousPassword"));
  CO_TRY(auto proposed, text_of(call.body, "ProposedPassword"));
  CO_TRY(const auto receipt, co_await call.parts.identity.sign_in.change_password(
                                 caller, std::move(previous), std::move(proposed), call.origin));
  auto response = amz_answer(nlohmann::json::object());
  add_receipt(response, receipt);
  co_return response;
}

async::Task<Result<Response>> global_sign_out(CognitoCall call) {
  CO_TRY(const auto caller, co_await caller_of(&call));
  CO_TRY(const auto receipt, co_await call.parts.identity.sign_in.sign_out(caller, call.origin));
  auto response = amz_answer(nlohmann::json::object());
  if (receipt) add_receipt(response, *receipt);
  co_return response;
}

async::Task<Result<Response>> revoke_token(CognitoCall call) {
  identity::RefreshRequest request{.origin = std::move(call.origin)};
  CO_TRY(auto client, text_of(call.body, "ClientId"));
  request.client = ClientId(std::move(client));
  CO_TRY(request.refresh_token, text_of(call.body, "Token"));
  if (call.body.contains("ClientSecret")) {
    CO_TRY(request.proof.secret, text_of(call.body, "ClientSecret"));
  }
  CO_TRY(const auto receipt, co_await call.parts.identity.sign_in.revoke(std::move(request)));
  auto response = amz_answer(nlohmann::json::object());
  if (receipt) add_receipt(response, *receipt);
  co_return response;
}

using Operation = async::Task<Result<Response>> (*)(CognitoCall);

Operation operation_of(std::string_view target) {
  static const std::map<std::string_view, Operation> operations = {
      {"InitiateAuth", initiate_auth},
      {"RespondToAuthChallenge", respond_to_challenge},
      {"GetTokensFromRefreshToken", get_tokens_from_refresh_token},
      {"GetUser", get_user},
      {"ChangePassword", change_password},
      {"GlobalSignOut", global_sign_out},
      {"RevokeToken", revoke_token},
  };
  if (!target.starts_with(target_prefix)) return nullptr;
  const auto found = operations.find(target.substr(target_prefix.size()));
  return found == operations.end() ? nullptr : found->second;
}

async::Task<Result<Response>> dispatch(CognitoParts parts, const Request* request) {
  const Operation operation = operation_of(request->header("X-Amz-Target"));
  if (operation == nullptr) {
    co_return fail(ErrorKind::invalid, "unknown_operation",
                   "X-Amz-Target names no operation that this service has");
  }
  CO_TRY(auto body, parse_json(request->body));
  if (!body.is_object()) co_return fail(ErrorKind::invalid, "invalid_json", "the body must be a JSON object");
  CognitoCall call{.parts = parts,
                   .body = std::move(body),
                   .origin = {.address = request->limit_key, .request_id = request->request_id}};
  auto response = co_await operation(std::move(call));
  if (response) response->headers.set("x-amzn-requestid", request->request_id);
  co_return response;
}

/// The client that a call is for: named, or the one that an access token (unverified here) was made for.
std::optional<ClientId> client_of(const nlohmann::json& body) {
  if (const auto named = body.find("ClientId"); named != body.end() && named->is_string())
    return ClientId(named->get<std::string>());
  const auto token = body.find("AccessToken");
  if (token == body.end() || !token->is_string()) return std::nullopt;
  const auto claims = identity::unverified_claims(token->get_ref<const std::string&>());
  if (!claims) return std::nullopt;
  return ClientId(claims->client);
}

/// Pages of apps that accept the client's tokens. Where no client can be told (a preflight, a call that is
/// refused for its form) nothing of anybody's is answered: any app's pages.
bool is_app_page(const CognitoParts& parts, const Request& request, std::string_view origin) {
  const auto body = parse_json(request.body);
  const auto client = body && body->is_object() ? client_of(*body) : std::nullopt;
  return client ? parts.origins.of_client(*client, origin) : parts.origins.of_any(origin);
}

}  // namespace

void add_cognito_rows(http::Router& router, const CognitoParts& parts) {
  std::vector<http::Row> rows;
  rows.push_back({.method = http::Method::post,
                  .path = "/",
                  .auth = http::AuthLevel::open,
                  .handler = [parts](Request* request) { return dispatch(parts, request); },
                  .errors = cognito_error,
                  .about = {.summary = "The Cognito JSON API: the operation is in the header X-Amz-Target.",
                            .takes = "application/x-amz-json-1.1"}});
  add_rows_with_cors(router, std::move(rows), [parts](const Request& request, std::string_view origin) {
    return is_app_page(parts, request, origin);
  });
}

}  // namespace holdfast::api
