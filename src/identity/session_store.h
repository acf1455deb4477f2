#pragma once

#include <optional>
#include <string>

#include "holdfast/base/result.h"
#include "holdfast/identity/foundation.h"
#include "holdfast/identity/user_model.h"
#include "records.h"

namespace holdfast::identity {

/// Keys of sessions and revocations; `sub` and `jti` are the 16 bytes of a UUID.
Result<Bytes> session_key(const PoolId& pool, const UserId& user, const std::string& origin_jti);
/// The family's revocation: every token with this origin_jti.
Result<Bytes> family_revocation_key(const PoolId& pool, const std::string& origin_jti);
/// The whole user's: every session that began up to its time.
Result<Bytes> user_revocation_key(const PoolId& pool, const UserId& user);

/// A revocation, and the row whose place it takes as that was read.
struct RevocationRow {
  Bytes key;
  Revocation revocation;
  std::optional<storage::RowTag> replaces;
};
/// The row with this revocation in it; never nearer than what it said before.
Result<RevocationRow> farther_revocation(const storage::Reader& reader, Bytes key, Revocation revocation);
/// Only if the row is still what was read, else `changed_meanwhile`: of two sign-outs at the same time the
/// later write must not bring back what the other one ended.
void put_revocation_row(storage::Transaction& transaction, const PoolId& pool, const RevocationRow& row);

/// The end of every session of the user that has begun so far, `at_least` that time's among them. Sessions
/// may have begun by another region's clock, which may be ahead of this one's: never before the newest
/// session known here, nor before this region's head. Scans: on the disk pool.
Result<RevocationRow> user_sign_out(const Foundation& base, const PoolId& pool, const UserId& user,
                                    WallTime at_least);

}  // namespace holdfast::identity
