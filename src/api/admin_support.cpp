#include "admin_support.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "holdfast/api/json_body.h"
#include "holdfast/identity/pool_rules.h"
#include "holdfast/identity/user_rules.h"

namespace holdfast::api {
namespace {

Result<> check_query(const http::Request& request, const std::vector<std::string_view>& known) {
  constexpr std::size_t longest_shown = 64;
  for (const auto& [name, value] : request.target.query) {
    if (std::ranges::find(known, name) != known.end()) continue;
    return fail(ErrorKind::invalid, "unknown_field",
                "unknown query parameter: " + name.substr(0, longest_shown));
  }
  if (const auto repeated = request.target.query.repeated()) {
    return fail(ErrorKind::invalid, "invalid_field", std::string(*repeated) + " must be there once");
  }
  return {};
}

async::Task<Result<http::Response>> answer_refusal(Error error) { co_return fail(std::move(error)); }

}  // namespace

void add_admin_row(http::Router& router, http::Row row) {
  row.handler = [known = row.about.query, inner = std::move(row.handler)](http::Request* request) {
    auto checked = check_query(*request, known);
    return checked ? inner(request) : answer_refusal(std::move(checked).error());
  };
  router.add(std::move(row));
}

void add_admin_rows(http::Router& router, const IdentityParts& parts, std::initializer_list<AdminRow> rows) {
  for (const AdminRow& row : rows) {
    http::Handler handler = [parts, handle = row.handle](http::Request* request) {
      return handle(parts, request);
    };
    if (row.describe) handler = repeatable(parts.identity.repeats, row.describe, std::move(handler));
    add_admin_row(router, {.method = row.method,
                           .path = std::string(row.path),
                           .auth = row.auth,
                           .handler = std::move(handler),
                           .about = row.about});
  }
}

Result<> check_no_fields(BytesView body) {
  if (body.empty()) return {};
  TRY(const bool nothing, read_json(body, [](JsonFields&) { return true; }));
  static_cast<void>(nothing);
  return {};
}

Result<std::shared_ptr<const identity::Pool>> pool_of(const IdentityParts& parts,
                                                      const http::Request& request) {
  const std::string_view id = request.param("pool");
  // What cannot be a pool's id is not worth a read.
  if (!identity::is_pool_id(id)) return fail(ErrorKind::not_found, "not_found", "no such pool");
  return parts.identity.pools.get(PoolId(std::string(id)));
}

async::Task<Result<identity::User>> user_of(IdentityParts parts, const http::Request* request) {
  CO_TRY(const auto pool, pool_of(parts, *request));
  const std::string username = path_text(*request, "username");
  auto find = [&] { return parts.identity.users.get_by_username(pool->id, username); };
  co_return co_await async::offload(parts.disk, std::move(find));
}

nlohmann::json describe_user(const identity::User& user) {
  return {{"sub", user.id.str()},
          {"username", user.username},
          {"status", identity::to_string(user.status)},
          {"enabled", user.enabled},
          {"attributes", user.attributes},
          {"createdAt", to_rfc3339(user.created_at)},
          {"modifiedAt", to_rfc3339(user.modified_at)}};
}

std::optional<std::chrono::seconds> find_seconds(JsonFields& fields, std::string_view name) {
  constexpr std::int64_t longest = std::int64_t{100} * 366 * 24 * 3600;  // the rules know the real bounds
  const auto number = fields.find_number(name, 0, longest);
  return number ? std::optional(std::chrono::seconds(*number)) : std::nullopt;
}

}  // namespace holdfast::api
