#include "admin_support.h"

#include <charconv>

#include "holdfast/api/json_body.h"
#include "holdfast/identity/pool_rules.h"
#include "holdfast/identity/user_rules.h"

namespace holdfast::api {

void add_admin_rows(http::Router& router, const IdentityParts& parts, std::initializer_list<AdminRow> rows) {
  for (const AdminRow& row : rows) {
    http::Handler handler = [parts, handle = row.handle](http::Request* request) {
      return handle(parts, request);
    };
    if (row.describe) handler = repeatable(parts.identity.repeats, row.describe, std::move(handler));
    router.add({.method = row.method,
                .path = std::string(row.path),
                .auth = row.auth,
                .handler = std::move(handler),
                .about = row.about});
  }
}

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

Result<identity::PageQuery> page_query(const http::Request& request, std::vector<std::string_view> filters) {
  filters.insert(filters.end(), {"limit", "next"});
  TRY_VOID(check_query(request, filters));
  identity::PageQuery query;
  query.next = request.query("next").value_or("");
  if (const auto limit = request.query("limit")) {
    const auto [end, error] = std::from_chars(limit->data(), limit->data() + limit->size(), query.limit);
    if (error != std::errc() || end != limit->data() + limit->size() || query.limit == 0 ||
        query.limit > identity::max_page_size) {
      return fail(ErrorKind::invalid, "invalid_limit", "limit must be between 1 and 200");
    }
  }
  return query;
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

std::string number_key(std::uint64_t number) {
  constexpr std::size_t digits = 20;
  const std::string text = std::to_string(number);
  return std::string(digits - text.size(), '0') + text;
}

}  // namespace holdfast::api
