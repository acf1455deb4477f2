#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "holdfast/base/clock.h"
#include "holdfast/base/result.h"
#include "holdfast/identity/client_model.h"
#include "holdfast/identity/pool_model.h"
#include "holdfast/identity/user_model.h"

namespace holdfast::identity {

/// `<issuer_base>/{pool}`: exactly `iss`, the same in every region.
std::string issuer_of(std::string_view issuer_base, const PoolId& pool);

/// What all tokens of one answer have in common.
struct TokenContext {
  std::string issuer;
  ClientId client;
  std::string origin_jti;
  std::string event_id;  ///< a UUID, new for every answer
  WallTime auth_time;
  WallTime issued_at;
  std::vector<std::string> scopes;
  /// Of the password that the session began with; a client's own tokens have none.
  std::uint64_t credential_version = 0;
};

/// The payloads of the tokens, as JSON text. `jti` is a fresh UUID each; lifetimes are whole seconds.
std::string access_token_payload(const TokenContext& context, const User& user,
                                 std::span<const std::string> groups, std::chrono::seconds lifetime,
                                 std::string_view jti);
std::string id_token_payload(const TokenContext& context, const User& user,
                             std::span<const std::string> groups, std::chrono::seconds lifetime,
                             std::string_view jti);
/// Of a client itself (client_credentials): `sub` is the client's id, which no user's can equal.
std::string machine_token_payload(const TokenContext& context, std::chrono::seconds lifetime,
                                  std::string_view jti);

/// The claims that verification looks at, typed; `unauthenticated` when one is missing or of another type.
struct ReadClaims {
  std::string issuer;
  std::string subject;
  std::string token_use;
  std::string client;  ///< `client_id` of access tokens, `aud` of ID tokens
  std::vector<std::string> audience;
  std::string username;
  std::string origin_jti;
  std::string jti;
  std::vector<std::string> groups;
  std::vector<std::string> scopes;
  WallTime issued_at;
  WallTime auth_time;
  WallTime expires_at;
  std::optional<std::uint64_t> credential_version;  ///< absent in a client's own tokens, and older ones
};
Result<ReadClaims> read_claims(std::string_view payload);

}  // namespace holdfast::identity
