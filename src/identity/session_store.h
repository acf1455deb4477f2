#pragma once

#include <string>

#include "holdfast/base/result.h"
#include "holdfast/identity/foundation.h"
#include "holdfast/identity/user_model.h"

namespace holdfast::identity {

/// Keys of sessions and revocations; `sub` and `jti` are the 16 bytes of a UUID.
Result<Bytes> session_key(const PoolId& pool, const UserId& user, const std::string& origin_jti);
/// The family's revocation: every token with this origin_jti.
Result<Bytes> family_revocation_key(const PoolId& pool, const std::string& origin_jti);
/// The whole user's: every session that began up to its time.
Result<Bytes> user_revocation_key(const PoolId& pool, const UserId& user);

/// The time that ends every session of the user so far, `at_least` among them. Sessions may have begun by
/// another region's clock, which may be ahead of this one's: never before the newest session known here, nor
/// before this region's head or an earlier revocation. Scans: on the disk pool.
Result<WallTime> end_of_sessions(const Foundation& base, const PoolId& pool, const UserId& user,
                                 WallTime at_least);

}  // namespace holdfast::identity
