#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/api/identity_endpoints.h"
#include "holdfast/base/json.h"
#include "paging.h"
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

/// Adds a row that refuses query parameters which its description does not name (`unknown_field`), and
/// repeated ones (`invalid_field`), as JsonFields does for bodies: a misspelt `?force` must not pass for
/// none.
void add_admin_row(http::Router& router, http::Row row);

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

}  // namespace holdfast::api
