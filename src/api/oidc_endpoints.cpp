#include "holdfast/api/oidc_endpoints.h"

#include <nlohmann/json.hpp>

#include "holdfast/api/cors.h"
#include "holdfast/api/json_body.h"
#include "holdfast/api/written.h"
#include "holdfast/base/json_writer.h"
#include "holdfast/base/text.h"
#include "holdfast/oidc/discovery.h"
#include "holdfast/oidc/oauth_error.h"

namespace holdfast::api {
namespace {

using http::AuthLevel;
using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view form_type = "application/x-www-form-urlencoded";

/// RFC 6749 §5.2 and, for trouble on our side, §4.1.2.1; one exhaustive switch.
int oauth_status(oidc::OAuthCode code) {
  switch (code) {
    case oidc::OAuthCode::invalid_client:
      return 401;
    case oidc::OAuthCode::temporarily_unavailable:
      return 503;
    case oidc::OAuthCode::server_error:
      return 500;
    case oidc::OAuthCode::invalid_request:
    case oidc::OAuthCode::invalid_grant:
    case oidc::OAuthCode::unauthorized_client:
    case oidc::OAuthCode::unsupported_grant_type:
    case oidc::OAuthCode::invalid_scope:
    case oidc::OAuthCode::unsupported_token_type:
      return 400;
  }
  return 500;
}

/// §5.1: answers of the token endpoint are never cached.
Response uncached(Response response) {
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("Pragma", "no-cache");
  return response;
}

Response oauth_error(const Error& error, int edge_status, const Request& request) {
  const auto oauth = oidc::to_oauth_error(error);
  const int status = edge_status != 0                     ? edge_status
                     : error.kind == ErrorKind::not_found ? 404
                                                          : oauth_status(oauth.code);
  auto response = json_response(
      status, {{"error", oidc::to_string(oauth.code)}, {"error_description", oauth.description}});
  if (status == 401 && request.headers.has("Authorization")) {
    response.headers.set("WWW-Authenticate", R"(Basic realm="holdfast", charset="UTF-8")");
  }
  if (status == 503) response.headers.set("Retry-After", "1");
  return uncached(std::move(response));
}

/// Media type without parameters, RFC 6749 §3.2.
Result<> require_form(const Request& request) {
  const auto type = request.header("Content-Type");
  if (equals_ignoring_ascii_case(trim(type.substr(0, type.find(';'))), form_type)) return {};
  return fail(ErrorKind::invalid, "invalid_request", "the body must be " + std::string(form_type));
}

oidc::OAuthRequest oauth_request(const Request& request) {
  std::optional<std::string> authorization;
  if (const auto header = request.headers.find("Authorization")) authorization = std::string(*header);
  return {.pool = PoolId(std::string(request.param("pool"))),
          .authorization = std::move(authorization),
          .form = request.body,
          .origin = {.address = request.limit_key, .request_id = request.request_id}};
}

std::string joined_scopes(const std::vector<std::string>& scopes) {
  std::string text;
  for (const auto& scope : scopes) text.append(text.empty() ? "" : " ").append(scope);
  return text;
}

async::Task<Result<Response>> answer_token(OidcParts parts, const Request* request) {
  CO_TRY_VOID(require_form(*request));
  CO_TRY(const auto answer, co_await parts.oidc.tokens.token(oauth_request(*request)));
  JsonWriter json;
  json.open_object().name("access_token").text(answer.access_token);
  json.name("expires_in").signed_number(answer.expires_in.count());
  if (!answer.id_token.empty()) json.name("id_token").text(answer.id_token);
  if (!answer.refresh_token.empty()) json.name("refresh_token").text(answer.refresh_token);
  if (!answer.scopes.empty()) json.name("scope").text(joined_scopes(answer.scopes));
  json.name("token_type").text("Bearer").close_object();
  auto response = uncached(http::respond(200, "application/json", json.take()));
  if (answer.receipt) add_receipt(response, *answer.receipt);
  co_return response;
}

async::Task<Result<Response>> answer_revoke(OidcParts parts, const Request* request) {
  CO_TRY_VOID(require_form(*request));
  CO_TRY(const auto receipt, co_await parts.oidc.revocations.revoke(oauth_request(*request)));
  auto response = uncached(http::respond_empty(200));
  if (receipt) add_receipt(response, *receipt);
  co_return response;
}

Response published(std::string text) {
  auto response = http::respond(200, "application/json", std::move(text));
  // Short enough for a new signing key to be known before it signs (keys wait for all regions first).
  response.headers.set("Cache-Control", "public, max-age=60");
  return response;
}

async::Task<Result<Response>> answer_discovery(OidcParts parts, std::shared_ptr<oidc::DiscoveryCache> kept,
                                               PoolId pool_id) {
  CO_TRY(const auto pool, parts.identity.pools.get(pool_id));
  co_return published(*kept->document(pool));
}

async::Task<Result<Response>> answer_jwks(OidcParts parts, PoolId pool) {
  CO_TRY(const auto document, parts.identity.keys.jwks(pool));
  co_return published(*document);
}

/// Discovery and keys are public documents: pages of any origin may read them (docs/adr/0075).
bool any_origin(const Request&, std::string_view) { return true; }

PoolId pool_of(const Request& request) { return PoolId(std::string(request.param("pool"))); }

}  // namespace

void add_oidc_rows(http::Router& router, const OidcParts& parts) {
  std::vector<http::Row> open;
  auto kept = std::make_shared<oidc::DiscoveryCache>(parts.issuer_base, parts.oidc.tokens.grant_types());
  open.push_back(
      {.method = Method::get,
       .path = "/{pool}/.well-known/openid-configuration",
       .auth = AuthLevel::open,
       .handler = [parts,
                   kept](Request* request) { return answer_discovery(parts, kept, pool_of(*request)); },
       .about = {.summary = "OpenID Connect discovery document of a pool."}});
  open.push_back({.method = Method::get,
                  .path = "/{pool}/.well-known/jwks.json",
                  .auth = AuthLevel::open,
                  .handler = [parts](Request* request) { return answer_jwks(parts, pool_of(*request)); },
                  .about = {.summary = "The keys that a pool's tokens verify with (RFC 7517)."}});
  add_rows_with_cors(router, std::move(open), any_origin);
  std::vector<http::Row> rows;
  rows.push_back(
      {.method = Method::post,
       .path = "/{pool}/oauth2/token",
       .auth = AuthLevel::open,
       .handler = [parts](Request* request) { return answer_token(parts, request); },
       .errors = oauth_error,
       .about = {.summary = "OAuth 2.0 token endpoint (RFC 6749): client_credentials, refresh_token.",
                 .takes = form_type}});
  rows.push_back(
      {.method = Method::post,
       .path = "/{pool}/oauth2/revoke",
       .auth = AuthLevel::open,
       .handler = [parts](Request* request) { return answer_revoke(parts, request); },
       .errors = oauth_error,
       .about = {.summary = "Revokes a refresh token and its session (RFC 7009).", .takes = form_type}});
  add_rows_with_cors(router, std::move(rows), [parts](const Request& request, std::string_view origin) {
    return parts.origins.of_pool(pool_of(request), origin);
  });
}

}  // namespace holdfast::api
