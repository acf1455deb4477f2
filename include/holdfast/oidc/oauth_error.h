#pragma once

#include <string>
#include <string_view>

#include "holdfast/base/error.h"

namespace holdfast::oidc {

/// The `error` codes of RFC 6749 §5.2, RFC 7009 §2.2.1, and §4.1.2.1's two for trouble on our side. The api
/// room gives each its HTTP status.
enum class OAuthCode : std::uint8_t {
  invalid_request,
  invalid_client,
  invalid_grant,
  unauthorized_client,
  unsupported_grant_type,
  invalid_scope,
  unsupported_token_type,
  temporarily_unavailable,
  server_error,
};

struct OAuthError {
  OAuthCode code;
  std::string description;  ///< printable ASCII without `"` and `\` (§5.2)
};

std::string_view to_string(OAuthCode code);

/// Every Error that the services of this room give, as OAuth says it.
OAuthError to_oauth_error(const Error& error);

}  // namespace holdfast::oidc
