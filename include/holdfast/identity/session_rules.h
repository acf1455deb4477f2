#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "holdfast/base/result.h"
#include "holdfast/identity/session_model.h"
#include "holdfast/identity/user_model.h"

namespace holdfast::identity {

/// Regions raise an alarm beyond this (design: replication, HELLO).
inline constexpr std::chrono::seconds regions_clocks_differ_by{5};

/// What a presented refresh token is, seen from what this region knows of its session.
enum class RefreshVerdict : std::uint8_t {
  current,       ///< unused here; also a newer generation than known, which is accepted and recorded
  within_grace,  ///< spent a moment ago: the reply was lost, or two tabs raced
  reused,        ///< spent long ago: stolen, the family goes
};

/// Judges generation and branch. A session or branch that this region never saw is current.
RefreshVerdict judge_refresh(const Session* known, std::uint64_t generation, const RegionName& branch,
                             WallTime now, std::chrono::seconds grace);

/// What a refresh token leads to.
struct Rotation {
  Session session;           ///< after the parent is spent
  std::uint64_t generation;  ///< of the child, whose branch is `here`
};
/// Spends a current parent at region `here`. The child's generation is higher than the parent's.
Rotation rotate(Session session, std::uint64_t generation, const RegionName& branch, const RegionName& here,
                WallTime now);
/// The generation that a parent within its grace leads to: the one that its first use led to.
std::uint64_t generation_within_grace(const Session& session, std::uint64_t generation,
                                      const RegionName& branch, const RegionName& here);

/// Whether a token's password is still good enough. Older than `oldest_valid_version` never is; an
/// older version than the current one only for sessions that began before the change (the user's own change
/// of password keeps them), so a cut-off region that still took the old password gains its user nothing.
bool credential_still_counts(const PasswordCredential& credential, std::uint64_t token_version,
                             WallTime session_started);

/// Whether a token of a session without a row may be honoured: one whose row should be in the log must be
/// newer than the newest commit that this region holds; one from a region that could not write a row is
/// honoured everywhere.
bool may_honour_unknown(const SealedClaims& claims, WallTime newest_commit);

}  // namespace holdfast::identity
