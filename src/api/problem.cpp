#include "holdfast/api/problem.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "holdfast/base/json.h"

namespace holdfast::api {
namespace {

struct CodeStatus {
  std::string_view code;
  int status;
};

// Codes whose status is not their kind's.
constexpr CodeStatus code_statuses[] = {
    {"idempotency_key_reused", 422}, {"invalid_state", 422},  // well-formed, but none of the accepted values
    {"unsupported_encoding", 415},                            // RFC 9110 §15.5.16
    {"precondition_failed", 412},                             // RFC 9110 §13.1
    {"invalid_range", 416},                                   // RFC 9110 §14.2
};

int status_of_kind(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return 400;
    case ErrorKind::unauthenticated:
      return 401;
    case ErrorKind::forbidden:
      return 403;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::conflict:
      return 409;
    case ErrorKind::too_large:
      return 413;
    case ErrorKind::read_only:
      return 421;
    case ErrorKind::overloaded:
      return 503;
    case ErrorKind::unavailable:
      return 503;
    case ErrorKind::storage_full:
      return 507;
    case ErrorKind::outcome_unknown:
      return 504;
    case ErrorKind::corrupt:
      return 500;
    case ErrorKind::internal:
      return 500;
  }
  return 500;
}

}  // namespace

int status_of(const Error& error) {
  const auto* const special = std::ranges::find(code_statuses, error.code, &CodeStatus::code);
  return special == std::end(code_statuses) ? status_of_kind(error.kind) : special->status;
}

http::Response problem_response(const Error& error, int edge_status, const http::Request& request,
                                const PrimaryUrl& primary) {
  const int status = edge_status != 0 ? edge_status : status_of(error);
  const bool defect = status == 500;
  nlohmann::json problem = {
      {"type", "about:blank"},  // RFC 9457 §4.2.1: the title is the status's phrase; `code` says what it is
      {"title", http::reason_of(status)},
      {"status", status},
      {"detail", defect ? "an internal error; it has been logged" : error.message},
      {"code", defect ? "internal" : error.code},
      {"requestId", request.request_id},
  };
  if (error.code == "read_only_region") {
    const auto url = primary ? primary() : std::nullopt;
    problem["primary"] = url ? nlohmann::json(*url) : nlohmann::json();
  }
  auto response = http::respond(status, "application/problem+json", to_json_text(problem));
  response.headers.add("Cache-Control", "no-store");
  if (status == 401) {
    response.headers.add("WWW-Authenticate",
                         error.code == "invalid_token" ? "Bearer error=\"invalid_token\"" : "Bearer");
  }
  return response;
}

http::ErrorRenderer problem_renderer(PrimaryUrl primary) {
  return [primary = std::move(primary)](const Error& error, int edge_status, const http::Request& request) {
    return problem_response(error, edge_status, request, primary);
  };
}

}  // namespace holdfast::api
