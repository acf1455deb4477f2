// Signing keys (docs/api/admin.md, "Signing keys"). Private keys never leave.
#include "admin_support.h"
#include "holdfast/api/admin_auth.h"
#include "holdfast/api/json_body.h"
#include "holdfast/api/written.h"
#include "holdfast/identity/pool_rules.h"

namespace holdfast::api {
namespace {

using http::AuthLevel;
using http::Method;
using http::Request;
using http::Response;

nlohmann::json describe_signing_key(const identity::SigningKeyInfo& key) {
  const bool was_active = key.activated_at != WallTime{};
  return {{"kid", key.kid},
          {"algorithm", crypto::to_string(key.algorithm)},
          {"state", key.state},
          {"createdAt", to_rfc3339(key.created_at)},
          {"activatedAt", was_active ? nlohmann::json(to_rfc3339(key.activated_at)) : nlohmann::json()}};
}

async::Task<Result<Response>> list_keys(IdentityParts parts, Request* request) {
  CO_TRY(const auto query, page_query(*request));
  CO_TRY(const auto pool, pool_of(parts, *request));
  auto list = [&] { return parts.identity.keys.list(pool->id); };
  CO_TRY(auto keys, co_await async::offload(parts.disk, std::move(list)));
  CO_TRY(const auto page, page_by_key(std::move(keys), query, [](const identity::SigningKeyInfo& key) {
           return time_key(key.created_at) + key.kid;
         }));
  co_return json_response(200, describe_page("keys", page, describe_signing_key));
}

async::Task<Result<Response>> rotate_key(IdentityParts parts, Request* request) {
  struct Rotation {
    std::string pool;
    bool emergency;
  };
  CO_TRY(const auto input, read_json(request->body, [](JsonFields& fields) {
           return Rotation{.pool = fields.text("pool"),
                           .emergency = fields.find_flag("emergency").value_or(false)};
         }));
  if (!identity::is_pool_id(input.pool)) co_return fail(ErrorKind::not_found, "not_found", "no such pool");
  CO_TRY(const auto pool, parts.identity.pools.get(PoolId(input.pool)));
  CO_TRY(const auto written,
         co_await parts.identity.keys.rotate(*pool, input.emergency, operator_actor(*request)));
  co_return written_response(201, {{"pool", input.pool}, {"kid", written.value}}, written.receipt);
}

}  // namespace

void add_key_endpoints(http::Router& router, const IdentityParts& parts) {
  add_admin_rows(router, parts,
                 {{Method::get,
                   "/admin/v1/pools/{pool}/keys",
                   AuthLevel::operator_read,
                   list_keys,
                   {.summary = "Lists a pool's signing keys.", .query = {"limit", "next"}}},
                  {Method::post,
                   "/admin/v1/keys/rotate",
                   AuthLevel::operator_write,
                   rotate_key,
                   {.summary = "Makes a pool's next signing key; in an emergency it signs at once.",
                    .takes = json_type,
                    .success = 201}}});
}

}  // namespace holdfast::api
