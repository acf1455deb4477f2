#include "cognito_errors.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "holdfast/base/json.h"

namespace holdfast::api {
namespace {

/// Codes with a name of their own; every other error is named by its kind.
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> names_by_code = {{
    {"user_not_confirmed", "UserNotConfirmedException"},
    {"password_reset_required", "PasswordResetRequiredException"},
    {"invalid_password", "InvalidPasswordException"},
    {"refresh_token_reuse", "RefreshTokenReuseException"},
    {"unsupported_token_type", "UnsupportedTokenTypeException"},
    {"unknown_operation", "UnknownOperationException"},
    {"client_not_found", "ResourceNotFoundException"},
    {"read_only_region", "OperationNotEnabledException"},
    {"flow_not_enabled", "InvalidParameterException"},
    {"user_disabled", "NotAuthorizedException"},
    {"secret_hash_wrong", "NotAuthorizedException"},
    {"secret_hash_missing", "NotAuthorizedException"},
    {"invalid_session", "NotAuthorizedException"},
    {"insufficient_scope", "NotAuthorizedException"},
    {"app_fenced", "OperationNotEnabledException"},
    {"app_failed_over", "OperationNotEnabledException"},
}};

std::string_view name_by_kind(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
    case ErrorKind::conflict:
    case ErrorKind::too_large:
      return "InvalidParameterException";
    case ErrorKind::unauthenticated:
    case ErrorKind::forbidden:
      return "NotAuthorizedException";
    case ErrorKind::not_found:
      return "ResourceNotFoundException";
    case ErrorKind::read_only:
      return "OperationNotEnabledException";
    case ErrorKind::overloaded:
      return "TooManyRequestsException";
    case ErrorKind::unavailable:
    case ErrorKind::storage_full:
    case ErrorKind::outcome_unknown:
    case ErrorKind::corrupt:
    case ErrorKind::internal:
      return "InternalErrorException";
  }
  return "InternalErrorException";
}

/// SDKs retry 5xx and 429; a refusal is always 400.
int cognito_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::overloaded:
    case ErrorKind::unavailable:
    case ErrorKind::storage_full:
      return 503;
    case ErrorKind::outcome_unknown:
      return 504;
    case ErrorKind::corrupt:
    case ErrorKind::internal:
      return 500;
    case ErrorKind::invalid:
    case ErrorKind::unauthenticated:
    case ErrorKind::forbidden:
    case ErrorKind::not_found:
    case ErrorKind::conflict:
    case ErrorKind::too_large:
    case ErrorKind::read_only:
      return 400;
  }
  return 500;
}

/// What may stand in a header: visible ASCII and spaces.
std::string header_safe(std::string_view text) {
  std::string safe(text);
  std::ranges::replace_if(safe, [](char c) { return c < ' ' || c > '~'; }, ' ');
  return safe;
}

}  // namespace

std::string_view cognito_name(const Error& error) {
  const auto* found =
      std::ranges::find(names_by_code, error.code, &decltype(names_by_code)::value_type::first);
  return found != names_by_code.end() ? found->second : name_by_kind(error.kind);
}

http::Response cognito_error(const Error& error, int edge_status, const http::Request& request) {
  const std::string name(cognito_name(error));
  const bool is_defect = error.kind == ErrorKind::internal || error.kind == ErrorKind::corrupt;
  const std::string message = is_defect ? "Internal error." : error.message;
  const int status = edge_status != 0 ? edge_status : cognito_status(error.kind);
  auto response =
      http::respond(status, amz_json, to_json_text(nlohmann::json{{"__type", name}, {"message", message}}));
  response.headers.set("x-amzn-errortype", name + ":");  // the trailing colon is what SDKs split at
  response.headers.set("x-amzn-errormessage", header_safe(message));
  response.headers.set("x-amzn-requestid", request.request_id);
  response.headers.set("Cache-Control", "no-store");
  if (status == 503) response.headers.set("Retry-After", "1");
  return response;
}

}  // namespace holdfast::api
