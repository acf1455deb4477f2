#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"

namespace holdfast::identity {

/// How far the refresh tokens that one region issued for a session are used up. Two regions that refresh one
/// parent while they are cut off from each other each continue on their own branch.
struct Branch {
  RegionName region;
  std::uint64_t oldest_unused = 1;  ///< lower generations are spent
  WallTime since;                   ///< when the one before it was spent

  bool operator==(const Branch&) const = default;
};

/// One sign-in and everything that descends from it; all its tokens carry `origin_jti`.
struct Session {
  PoolId pool;
  UserId user;
  std::string origin_jti;  ///< a UUID
  ClientId client;
  WallTime started_at;
  WallTime expires_at;
  std::vector<Branch> branches;

  bool operator==(const Session&) const = default;
};

/// What a sealed token is for; the number is on the wire. A token of one kind never opens as another.
enum class SealedKind : std::uint8_t {
  refresh_token = 1,
  challenge = 2,  ///< Cognito's `Session`
  authorization_code = 3,
  sign_in_cookie = 4,
};

/// What a sealed, self-describing token says. A region that never saw the session's row can honour it from
/// this alone.
struct SealedClaims {
  PoolId pool;
  ClientId client;
  UserId user;
  std::string origin_jti;
  std::uint64_t generation = 1;
  RegionName branch;
  std::uint64_t credential_version = 0;
  RegionName region;   ///< where it was issued
  WallTime issued_at;  ///< not before the commit of the session's row, by the writer's clock
  WallTime expires_at;
  /// Whether the session has a row in the replicated log; sign-ins at a secondary have none there.
  bool recorded = false;
  WallTime started_at;  ///< `auth_time`
  std::vector<std::string> scopes;
  std::string challenge;  ///< NEW_PASSWORD_REQUIRED and the like; challenges only

  bool operator==(const SealedClaims&) const = default;
};

}  // namespace holdfast::identity
