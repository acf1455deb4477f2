#include "holdfast/oidc/oauth_error.h"

#include <array>

namespace holdfast::oidc {
namespace {

constexpr std::array named_codes = {OAuthCode::invalid_request,        OAuthCode::invalid_client,
                                    OAuthCode::invalid_grant,          OAuthCode::unauthorized_client,
                                    OAuthCode::unsupported_grant_type, OAuthCode::invalid_scope,
                                    OAuthCode::unsupported_token_type};

OAuthCode code_by_kind(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
    case ErrorKind::too_large:
    case ErrorKind::not_found:
      return OAuthCode::invalid_request;
    case ErrorKind::unauthenticated:
      return OAuthCode::invalid_grant;
    case ErrorKind::forbidden:
      return OAuthCode::unauthorized_client;
    case ErrorKind::read_only:
    case ErrorKind::overloaded:
    case ErrorKind::unavailable:
    case ErrorKind::storage_full:
    case ErrorKind::outcome_unknown:
    case ErrorKind::conflict:
      return OAuthCode::temporarily_unavailable;
    case ErrorKind::corrupt:
    case ErrorKind::internal:
      return OAuthCode::server_error;
  }
  return OAuthCode::server_error;
}

std::string printable_description(std::string_view message) {
  std::string text;
  for (const char c : message) text.push_back(c >= 0x20 && c < 0x7f && c != '"' && c != '\\' ? c : '?');
  return text;
}

}  // namespace

std::string_view to_string(OAuthCode code) {
  switch (code) {
    case OAuthCode::invalid_request:
      return "invalid_request";
    case OAuthCode::invalid_client:
      return "invalid_client";
    case OAuthCode::invalid_grant:
      return "invalid_grant";
    case OAuthCode::unauthorized_client:
      return "unauthorized_client";
    case OAuthCode::unsupported_grant_type:
      return "unsupported_grant_type";
    case OAuthCode::invalid_scope:
      return "invalid_scope";
    case OAuthCode::unsupported_token_type:
      return "unsupported_token_type";
    case OAuthCode::temporarily_unavailable:
      return "temporarily_unavailable";
    case OAuthCode::server_error:
      return "server_error";
  }
  return "server_error";
}

OAuthError to_oauth_error(const Error& error) {
  for (const OAuthCode code : named_codes) {
    if (error.code == to_string(code))
      return {.code = code, .description = printable_description(error.message)};
  }
  return {.code = code_by_kind(error.kind), .description = printable_description(error.message)};
}

}  // namespace holdfast::oidc
