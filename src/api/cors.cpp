#include "holdfast/api/cors.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "holdfast/base/text.h"

namespace holdfast::api {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::array<std::string_view, 14> request_headers = {
    "accept",        "amz-sdk-invocation-id", "amz-sdk-request",       "authorization",   "cache-control",
    "content-md5",   "content-type",          "holdfast-min-position", "idempotency-key", "if-match",
    "if-none-match", "if-modified-since",     "if-unmodified-since",   "range",
};
constexpr std::string_view exposed_headers =
    "ETag, Content-Range, Accept-Ranges, Holdfast-Position, Holdfast-Durability, Idempotency-Replayed, "
    "Retry-After, X-Request-Id, "
    "x-amzn-ErrorType, x-amzn-ErrorMessage, x-amzn-RequestId";

bool is_allowed_origin(const Request& request, const OriginCheck& check) {
  const auto origin = request.headers.find("Origin");
  return origin && *origin != "null" && check(request, *origin);
}

void decorate_for_origin(const Request& request, Response& response, const OriginCheck& check) {
  response.headers.add("Vary", "Origin");
  if (!is_allowed_origin(request, check)) return;
  response.headers.set("Access-Control-Allow-Origin", request.header("Origin"));
  if (request.method != Method::options)
    response.headers.set("Access-Control-Expose-Headers", exposed_headers);
}

std::string allowed_of(std::string_view wanted) {
  std::string allowed;
  while (!wanted.empty()) {
    const auto comma = std::min(wanted.find(','), wanted.size());
    const auto name = trim(wanted.substr(0, comma));
    wanted.remove_prefix(std::min(comma + 1, wanted.size()));
    if (is_cors_request_header(name)) allowed.append(allowed.empty() ? "" : ", ").append(name);
  }
  return allowed;
}

async::Task<Result<Response>> answer_preflight(const Request* request, std::string methods,
                                               OriginCheck check) {
  if (!is_allowed_origin(*request, check)) {
    co_return fail(ErrorKind::forbidden, "origin_not_allowed", "pages of this origin may not call this");
  }
  Response response = http::respond_empty(204);
  response.headers.add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers");
  response.headers.add("Access-Control-Allow-Methods", methods);
  const auto headers = allowed_of(request->header("Access-Control-Request-Headers"));
  if (!headers.empty()) response.headers.add("Access-Control-Allow-Headers", headers);
  response.headers.add("Access-Control-Max-Age", "600");
  co_return response;
}

http::Decorator with_origin(http::Decorator before, OriginCheck check) {
  return [before = std::move(before), check = std::move(check)](const Request& request, Response& response) {
    if (before) before(request, response);
    decorate_for_origin(request, response, check);
  };
}

}  // namespace

bool is_cors_request_header(std::string_view name) {
  const std::string lower = to_lower_ascii(name);
  return http::is_token(lower) &&
         (lower.starts_with("x-amz-") || std::ranges::find(request_headers, lower) != request_headers.end());
}

void add_rows_with_cors(http::Router& router, std::vector<http::Row> rows, OriginCheck is_allowed,
                        const http::ErrorRenderer& preflight_errors) {
  std::map<std::string, std::string> methods;
  for (http::Row& row : rows) {
    std::string& names = methods[row.path];
    names.append(names.empty() ? "" : ", ").append(http::to_string(row.method));
    row.decorate = with_origin(std::move(row.decorate), is_allowed);
    router.add(std::move(row));
  }
  for (const auto& [path, names] : methods) {
    // A preflight is the browser's own request, not the page's: no OAuth or AWS library reads its answer.
    router.add({.method = Method::options,
                .path = path,
                .handler = [names, is_allowed](
                               Request* request) { return answer_preflight(request, names, is_allowed); },
                .errors = preflight_errors,
                .decorate = with_origin({}, is_allowed),
                .about = {.summary = "Answers a browser's preflight (CORS).", .success = 204}});
  }
}

}  // namespace holdfast::api
