#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "holdfast/identity/pool_model.h"
#include "holdfast/identity/user_model.h"
#include "holdfast/storage/key_ring.h"
#include "holdfast/storage/reader.h"
#include "store_support.h"

namespace holdfast::identity {

Error no_such_user();

/// Keys of a user's rows; `sub` are the 16 bytes of the user's id.
Bytes user_key(const PoolId& pool, BytesView sub);
Bytes username_row_key(const PoolId& pool, BytesView blind);
Bytes address_row_key(const PoolId& pool, BytesView blind, BytesView sub);
Bytes user_order_key(const PoolId& pool, WallTime created_at, BytesView sub);

/// Blinded names. A pool's names are its own: equal addresses in two pools have nothing in common.
Result<Bytes> blind_username(const storage::KeyRing& keys, const Pool& pool, std::string_view username);
Result<Bytes> blind_email(const storage::KeyRing& keys, const PoolId& pool, std::string_view email);
Result<Bytes> blind_phone(const storage::KeyRing& keys, const PoolId& pool, std::string_view phone);

/// Empty when absent.
Result<std::optional<Loaded<User>>> find_user(const storage::Reader& reader, const PoolId& pool,
                                              const UserId& user);
Result<std::optional<Loaded<PasswordCredential>>> find_credential(const storage::Reader& reader,
                                                                  const PoolId& pool, const UserId& user);
/// By username or, for a UUID, by `sub`.
Result<std::optional<UserId>> find_user_id(const storage::Reader& reader, const storage::KeyRing& keys,
                                           const Pool& pool, std::string_view username);

}  // namespace holdfast::identity
