#include "holdfast/identity/session_rules.h"

#include <algorithm>

namespace holdfast::identity {
namespace {

const Branch* find_branch(const Session& session, const RegionName& region) {
  const auto found = std::ranges::find(session.branches, region, &Branch::region);
  return found == session.branches.end() ? nullptr : &*found;
}

}  // namespace

RefreshVerdict judge_refresh(const Session* known, std::uint64_t generation, const RegionName& branch,
                             WallTime now, std::chrono::seconds grace) {
  const Branch* state = known == nullptr ? nullptr : find_branch(*known, branch);
  if (state == nullptr || generation >= state->oldest_unused) return RefreshVerdict::current;
  const auto age = now - state->since;
  // A clock that was set back by more than clocks differ must not make a spent token good for as long again.
  const bool just_spent =
      generation + 1 == state->oldest_unused && age <= grace && age >= -(grace + regions_clocks_differ_by);
  return just_spent ? RefreshVerdict::within_grace : RefreshVerdict::reused;
}

Rotation rotate(Session session, std::uint64_t generation, const RegionName& branch, const RegionName& here,
                WallTime now) {
  const auto found = std::ranges::find(session.branches, branch, &Branch::region);
  if (found == session.branches.end()) {
    session.branches.push_back({.region = branch, .oldest_unused = generation + 1, .since = now});
  } else {
    found->oldest_unused = generation + 1;
    found->since = now;
  }
  const std::uint64_t child = generation_within_grace(session, generation, branch, here);
  return {.session = std::move(session), .generation = child};
}

std::uint64_t generation_within_grace(const Session& session, std::uint64_t generation,
                                      const RegionName& branch, const RegionName& here) {
  const Branch* own = branch == here ? nullptr : find_branch(session, here);
  // Coming over from another region's branch must not lead to a generation that is spent here already.
  return own == nullptr ? generation + 1 : std::max(generation + 1, own->oldest_unused);
}

bool credential_still_counts(const PasswordCredential& credential, std::uint64_t token_version,
                             WallTime session_started) {
  if (token_version >= credential.version) return true;
  if (token_version < credential.oldest_valid_version) return false;
  return session_started < credential.changed_at;
}

bool may_honour_unknown(const SealedClaims& claims, WallTime newest_commit) {
  return !claims.recorded || claims.issued_at >= newest_commit;
}

}  // namespace holdfast::identity
