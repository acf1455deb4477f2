#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"

namespace holdfast::identity {

/// Ways in which a client may get tokens. The number is the stored one.
enum class Flow : std::uint8_t {
  user_password = 1,        ///< Cognito's USER_PASSWORD_AUTH
  refresh_token = 2,        ///< Cognito's REFRESH_TOKEN_AUTH and OAuth's refresh_token grant
  client_credentials = 3,   ///< RFC 6749 §4.4; confidential clients only
  authorization_code = 4,   ///< RFC 6749 §4.1, with PKCE
  user_srp = 5,             ///< Cognito's USER_SRP_AUTH
  admin_user_password = 6,  ///< Cognito's ADMIN_USER_PASSWORD_AUTH
};

/// An application's registration in one pool. A confidential client has a secret; it is kept readable inside
/// its sealed record, because Cognito's SECRET_HASH is an HMAC with it.
struct Client {
  PoolId pool;
  ClientId id;
  std::string name;
  std::string secret;  ///< empty: a public client
  bool enabled = true;
  std::vector<Flow> flows;
  std::vector<std::string> scopes;  ///< all that its tokens may carry
  std::vector<std::string> redirect_uris;
  std::vector<std::string> logout_uris;
  std::vector<std::string> writable_attributes;  ///< by its users themselves; no `custom:*` unless named
  /// Absent: the pool's.
  std::optional<std::chrono::seconds> access_lifetime;
  std::optional<std::chrono::seconds> id_lifetime;
  std::optional<std::chrono::seconds> refresh_lifetime;
  bool rotates_refresh_tokens = false;
  std::chrono::seconds rotation_grace = std::chrono::seconds(60);
  WallTime created_at;
  WallTime modified_at;

  [[nodiscard]] bool is_confidential() const { return !secret.empty(); }
  bool operator==(const Client&) const = default;
};

}  // namespace holdfast::identity
