#pragma once

#include "holdfast/base/ids.h"
#include "holdfast/base/result.h"
#include "holdfast/storage/local_db.h"
#include "holdfast/storage/table.h"

namespace holdfast::identity {

/// The identity room's tables (docs/formats/identity-records.md). Numbers and key shapes are final.
/// `pool` and names are text parts, `sub`, `group` and `jti` 16 raw bytes, `blind` 37 raw bytes, `time` u64
/// microseconds.
inline constexpr storage::Table pools_table{storage::Family::identity, 0x0101, "pools"};  // pool
inline constexpr storage::Table users_table{storage::Family::identity, 0x0103, "users"};  // pool sub
inline constexpr storage::Table credentials_table{storage::Family::identity, 0x0104,
                                                  "credentials"};  // pool sub
inline constexpr storage::Table usernames_table{storage::Family::identity, 0x0105,
                                                "usernames"};  // pool blind
inline constexpr storage::Table addresses_table{storage::Family::identity, 0x0106,
                                                "addresses"};  // pool blind sub
inline constexpr storage::Table user_order_table{storage::Family::identity, 0x0107,
                                                 "user_order"};                             // pool time sub
inline constexpr storage::Table groups_table{storage::Family::identity, 0x0108, "groups"};  // pool name
inline constexpr storage::Table memberships_table{storage::Family::identity, 0x0109,
                                                  "memberships"};  // pool sub group
inline constexpr storage::Table group_members_table{storage::Family::identity, 0x010a,
                                                    "group_members"};  // pool group sub
inline constexpr storage::Table clients_table{storage::Family::identity, 0x010b, "clients"};  // client
inline constexpr storage::Table client_order_table{storage::Family::identity, 0x010c,
                                                   "client_order"};  // pool time client
inline constexpr storage::Table signing_keys_table{storage::Family::identity, 0x010d,
                                                   "signing_keys"};                               // pool kid
inline constexpr storage::Table operators_table{storage::Family::identity, 0x010e, "operators"};  // id
inline constexpr storage::Table admin_tokens_table{storage::Family::identity, 0x010f,
                                                   "admin_tokens"};  // 32 hash
inline constexpr storage::Table failures_table{storage::Family::identity, 0x0110,
                                               "failures"};  // pool sub region
inline constexpr storage::Table name_failures_table{storage::Family::identity, 0x0111,
                                                    "name_failures"};  // pool blind region
inline constexpr storage::Table sessions_table{storage::Family::sessions, 0x0201,
                                               "sessions"};  // pool sub jti
inline constexpr storage::Table revocations_table{storage::Family::sessions, 0x0202,
                                                  "revocations"};  // pool kind id
inline constexpr storage::Table idempotency_table{storage::Family::sessions, 0x0203,
                                                  "idempotency"};  // 37 blinded request

/// What a region that may not write remembers itself: the same keys and plaintexts, in local.db.
inline constexpr storage::LocalTable local_sessions{0x0030, "sessions"};
inline constexpr storage::LocalTable local_revocations{0x0031, "revocations"};

/// First byte of a revocation's id part.
inline constexpr std::uint8_t revoked_family = 1;  ///< then jti
inline constexpr std::uint8_t revoked_user = 2;    ///< then sub

/// The version of every record of this room so far.
inline constexpr std::uint16_t record_version = 1;

/// In local_tables::counters, for names that are nobody's: then pool blind.
inline storage::KeyWriter local_name_failures() { return storage::KeyWriter().text("password-name"); }

inline Bytes pool_key(const PoolId& pool) { return storage::KeyWriter().text(pool.str()).take(); }
inline storage::KeyWriter pool_prefix(const PoolId& pool) { return storage::KeyWriter().text(pool.str()); }

}  // namespace holdfast::identity
