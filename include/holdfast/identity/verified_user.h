#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"

namespace holdfast::identity {

enum class TokenUse : std::uint8_t { access, id };

/// Scope that opens the Cognito self-service operations.
inline constexpr std::string_view self_service_scope = "aws.cognito.signin.user.admin";

/// Who a token that passed every check speaks for. Made by TokenVerifier only. A machine's token
/// (client_credentials) has no user: `user` and `username` are empty.
struct VerifiedUser {
  PoolId pool;
  ClientId client;
  UserId user;
  std::string username;
  std::vector<std::string> groups;  ///< those of the token that the user still belongs to
  std::vector<std::string> scopes;
  std::string origin_jti;  ///< the sign-in that all tokens of one family descend from
  TokenUse token_use = TokenUse::access;
  WallTime expires_at;

  [[nodiscard]] bool is_machine() const { return user.empty(); }
  [[nodiscard]] bool in_group(std::string_view name) const {
    return std::ranges::find(groups, name) != groups.end();
  }
  [[nodiscard]] bool has_scope(std::string_view name) const {
    return std::ranges::find(scopes, name) != scopes.end();
  }
};

/// What an endpoint asks of a token. The order of the checks is fixed (docs/formats/tokens.md, "Which token
/// opens what").
struct TokenDemand {
  /// Whose tokens are accepted at all.
  enum class Party : std::uint8_t { user, machine, any };

  PoolId pool;                   ///< the app's own pool: `iss` must be its issuer
  bool accept_id_token = false;  ///< beside access tokens
  std::string audience;          ///< this service; an access token's `aud`, if present, must name it
  std::optional<std::vector<ClientId>> clients;  ///< the app's own; absent: any client of the pool
  Party party = Party::user;
  std::vector<std::string> user_scopes;     ///< all needed on a user's access token
  std::vector<std::string> machine_scopes;  ///< all needed on a machine's token
  /// For the end of a request that the token opened while it was good.
  bool may_have_expired = false;
};

}  // namespace holdfast::identity
