#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "holdfast/api/identity_endpoints.h"
#include "holdfast/base/encoding.h"
#include "holdfast/base/json.h"
#include "holdfast/identity/page.h"
#include "holdfast/identity/page_token.h"
#include "repeatable.h"

namespace holdfast::api {

using http::json_type;

/// One row of an identity resource. A function, not a closure: the parts and the request are the coroutine's
/// own parameters, and the request is valid until it ends (http::Handler).
struct AdminRow {
  http::Method method;
  std::string_view path;
  http::AuthLevel auth;
  async::Task<Result<http::Response>> (*handle)(IdentityParts parts, http::Request* request);
  http::RowAbout about;
  DescribeCreated describe = {};  ///< of rows that create: with it they take an Idempotency-Key
};
void add_admin_rows(http::Router& router, const IdentityParts& parts, std::initializer_list<AdminRow> rows);

/// Refuses query parameters that the endpoint does not know (`unknown_field`) and repeated ones
/// (`invalid_field`), as JsonFields does for bodies.
Result<> check_query(const http::Request& request, const std::vector<std::string_view>& known);
/// `limit` (1–200, 60 when absent) and `next`. `filters` are the endpoint's own parameters.
Result<identity::PageQuery> page_query(const http::Request& request,
                                       std::vector<std::string_view> filters = {});
/// For requests that carry nothing: an empty body or `{}`.
Result<> check_no_fields(BytesView body);

/// The pool that the path names; `not_found`.
Result<std::shared_ptr<const identity::Pool>> pool_of(const IdentityParts& parts,
                                                      const http::Request& request);
/// The user that the path names by username or sub; `not_found`. `request` outlives the task.
async::Task<Result<identity::User>> user_of(IdentityParts parts, const http::Request* request);

nlohmann::json describe_user(const identity::User& user);

inline std::string path_text(const http::Request& request, std::string_view name) {
  return std::string(request.param(name));
}

std::optional<std::chrono::seconds> find_seconds(JsonFields& fields, std::string_view name);

/// `{"<name>":[…],"next":"…"}`; `next` is null on the last page.
template <class T, class Describe>
nlohmann::json describe_page(std::string_view name, const identity::Page<T>& page, Describe describe) {
  nlohmann::json items = nlohmann::json::array();
  for (const T& item : page.items) items.push_back(describe(item));
  return {{name, std::move(items)},
          {"next", page.next.empty() ? nlohmann::json() : nlohmann::json(page.next)}};
}

/// A page of a list that is in memory as a whole, in the order of `key`, which tells all items apart. Works
/// when items come and go between pages: the next one starts behind the last key, whether that is still there
/// or not.
template <class T, class Key>
Result<identity::Page<T>> page_by_key(std::vector<T> items, const identity::PageQuery& query, Key key) {
  constexpr std::string_view list = "by key";
  TRY(const auto after, identity::page_key(list, query.next));
  std::ranges::sort(items, {}, key);
  const auto begin =
      query.next.empty() ? items.begin() : std::ranges::upper_bound(items, std::string(after), {}, key);
  const auto left = static_cast<std::size_t>(items.end() - begin);
  const auto end = begin + static_cast<std::ptrdiff_t>(std::min(left, query.limit));
  identity::Page<T> page{.items = {std::make_move_iterator(begin), std::make_move_iterator(end)}, .next = {}};
  if (left > query.limit) page.next = identity::page_token(list, key(page.items.back()));
  return page;
}

/// A number as a key that sorts as the number does.
std::string number_key(std::uint64_t number);
inline std::string time_key(WallTime time) { return number_key(static_cast<std::uint64_t>(to_micros(time))); }

}  // namespace holdfast::api
