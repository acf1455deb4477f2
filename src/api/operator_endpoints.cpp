// Operators and their admin tokens (docs/api/admin.md, "Operators and admin tokens"). A token leaves only in
// the answer of its creation.
#include "admin_support.h"
#include "holdfast/api/admin_auth.h"
#include "holdfast/api/json_body.h"
#include "holdfast/api/written.h"
#include "holdfast/base/log.h"
#include "holdfast/identity/operator_rules.h"
#include "holdfast/region/member.h"

namespace holdfast::api {
namespace {

using http::AuthLevel;
using http::Method;
using http::Request;
using http::Response;
using identity::AdminToken;
using identity::Operator;

nlohmann::json describe_operator(const Operator& person) {
  return {{"id", person.id},       {"name", person.name},       {"email", person.email},
          {"phone", person.phone}, {"enabled", person.enabled}, {"createdAt", to_rfc3339(person.created_at)}};
}

nlohmann::json describe_admin_token(const AdminToken& token) {
  return {{"id", token.id},
          {"name", token.name},
          {"operator", text_or_null(token.operator_id)},
          {"scopes", token.scopes},
          {"region", text_or_null(token.region.str())},
          {"createdAt", to_rfc3339(token.created_at)},
          {"expiresAt", to_rfc3339(token.expires_at)}};
}

async::Task<Result<Response>> create_operator(IdentityParts parts, Request* request) {
  CO_TRY(auto draft, read_json(request->body, [](JsonFields& fields) {
           Operator person;
           person.name = fields.text("name");
           person.email = fields.text("email");
           person.phone = fields.text("phone");
           return person;
         }));
  CO_TRY(const auto written,
         co_await parts.identity.operators.create(std::move(draft), operator_actor(*request)));
  co_return written_response(201, describe_operator(written.value), written.receipt);
}

async::Task<Result<Response>> list_operators(IdentityParts parts, Request* request) {
  CO_TRY(const auto query, page_query(*request));
  auto list = [&] { return parts.identity.operators.list(); };
  CO_TRY(auto people, co_await async::offload(parts.disk, std::move(list)));
  CO_TRY(const auto page, page_by_key(std::move(people), query,
                                      [](const Operator& person) { return person.name + '\0' + person.id; }));
  co_return json_response(200, describe_page("operators", page, describe_operator));
}

async::Task<Result<Response>> show_operator(IdentityParts parts, Request* request) {
  CO_TRY(const auto person, parts.identity.operators.get(path_text(*request, "operator")));
  co_return json_response(200, describe_operator(person));
}

async::Task<Result<Response>> set_operator_enabled(IdentityParts parts, Request* request, bool enabled) {
  CO_TRY_VOID(check_no_fields(request->body));
  CO_TRY(const auto written, co_await parts.identity.operators.set_enabled(
                                 path_text(*request, "operator"), enabled, operator_actor(*request)));
  co_return written_response(200, describe_operator(written.value), written.receipt);
}

async::Task<Result<Response>> enable_operator(IdentityParts parts, Request* request) {
  return set_operator_enabled(parts, request, true);
}

async::Task<Result<Response>> disable_operator(IdentityParts parts, Request* request) {
  return set_operator_enabled(parts, request, false);
}

/// As it is given again: only the token's hash is stored (ADR 0065).
nlohmann::json describe_new_admin_token(const identity::AdminToken& token) {
  auto json = describe_admin_token(token);
  json["token"] = nullptr;
  return json;
}

async::Task<Result<Response>> create_admin_token(IdentityParts parts, Request* request) {
  CO_TRY(auto wanted, read_json(request->body, [&](JsonFields& fields) {
           identity::NewAdminToken token;
           token.name = fields.text("name");
           token.scopes = fields.texts("scopes");
           token.lifetime =
               find_seconds(fields, "lifetimeSeconds").value_or(identity::default_admin_token_lifetime);
           token.region = RegionName(fields.find_text("region").value_or(parts.region.str()));
           return token;
         }));
  // The empty name would make a token for every region: only `holdfast demo` has one of those.
  CO_TRY_VOID(region::parse_region_name(wanted.region.str()));
  wanted.operator_id = path_text(*request, "operator");
  CO_TRY(const auto written,
         co_await parts.identity.operators.create_token(std::move(wanted), operator_actor(*request)));
  auto json = describe_admin_token(written.value.token);
  json["token"] = written.value.secret.expose();
  co_return written_response(201, json, written.receipt);
}

/// This region's own metrics token, as a row of the list; it is no operator's.
std::optional<AdminToken> own_metrics_token(const IdentityParts& parts) {
  const auto own = parts.own_metrics_token == nullptr ? std::nullopt : parts.own_metrics_token->current();
  if (!own) return std::nullopt;
  return AdminToken{.id = own->id(),
                    .name = "metrics-token",
                    .operator_id = {},
                    .scopes = {std::string(identity::admin_scope::metrics)},
                    .region = parts.region,
                    .created_at = own->created,
                    .expires_at = own->expires};
}

async::Task<Result<Response>> list_admin_tokens(IdentityParts parts, Request* request) {
  CO_TRY(const auto query, page_query(*request));
  auto list = [&] { return parts.identity.operators.tokens(); };
  CO_TRY(auto tokens, co_await async::offload(parts.disk, std::move(list)));
  if (auto own = own_metrics_token(parts)) tokens.push_back(*std::move(own));
  CO_TRY(const auto page, page_by_key(std::move(tokens), query, [](const AdminToken& token) {
           return time_key(token.created_at) + token.id;
         }));
  co_return json_response(200, describe_page("tokens", page, describe_admin_token));
}

/// It is kept by this region alone, so it ends here whether or not this region may write; the audit trail is
/// told where it can be.
async::Task<Result<Response>> revoke_own_metrics_token(IdentityParts parts, Request* request,
                                                       std::string id) {
  CO_TRY_VOID(co_await async::offload(parts.disk, [&] { return parts.own_metrics_token->revoke(id); }));
  const auto actor = operator_actor(*request);
  log::info(log::For{request->request_id}, "this region's metrics token was revoked",
            {{"operator", actor.id}});
  const auto told = co_await parts.identity.operators.record_metrics_token_revoked(id, actor);
  co_return told ? written_response(*told) : http::respond_empty(204);
}

async::Task<Result<Response>> revoke_admin_token(IdentityParts parts, Request* request) {
  const auto own = own_metrics_token(parts);
  if (own && own->id == request->param("token")) {
    co_return co_await revoke_own_metrics_token(parts, request, own->id);
  }
  CO_TRY(const auto receipt, co_await parts.identity.operators.revoke_token(path_text(*request, "token"),
                                                                            operator_actor(*request)));
  co_return written_response(receipt);
}

}  // namespace

void add_operator_endpoints(http::Router& router, const IdentityParts& parts) {
  constexpr std::string_view all = "/admin/v1/operators";
  constexpr std::string_view one = "/admin/v1/operators/{operator}";
  const auto read = AuthLevel::operator_read;
  const auto write = AuthLevel::operator_write;
  add_admin_rows(
      router, parts,
      {{Method::post,
        all,
        write,
        create_operator,
        {.summary = "Makes an operator.", .takes = json_type, .success = 201},
        describe_created<Operator>(describe_operator)},
       {Method::get, all, read, list_operators, {.summary = "Lists operators.", .query = {"limit", "next"}}},
       {Method::get, one, read, show_operator, {.summary = "Shows an operator."}},
       {Method::post,
        "/admin/v1/operators/{operator}/enable",
        write,
        enable_operator,
        {.summary = "Lets an operator's tokens work again."}},
       {Method::post,
        "/admin/v1/operators/{operator}/disable",
        write,
        disable_operator,
        {.summary = "Voids all tokens of an operator."}},
       {Method::post,
        "/admin/v1/operators/{operator}/tokens",
        write,
        create_admin_token,
        {.summary = "Draws an admin token; the answer alone has its secret.",
         .takes = json_type,
         .success = 201},
        describe_created<identity::AdminToken>(describe_new_admin_token)},
       {Method::get,
        "/admin/v1/admin-tokens",
        read,
        list_admin_tokens,
        {.summary = "Lists admin tokens, without their secrets.", .query = {"limit", "next"}}},
       {Method::del,
        "/admin/v1/admin-tokens/{token}",
        write,
        revoke_admin_token,
        {.summary = "Ends an admin token.", .success = 204}}});
}

}  // namespace holdfast::api
