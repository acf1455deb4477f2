#include "session_store.h"

#include <algorithm>

#include "holdfast/identity/pool_rules.h"
#include "holdfast/identity/user_rules.h"
#include "store_support.h"
#include "tables.h"

namespace holdfast::identity {
namespace {

// One user's sessions that are looked at; nobody has more by honest use.
constexpr std::size_t max_user_sessions = 10'000;

Result<Bytes> user_sessions_prefix(const PoolId& pool, const UserId& user) {
  TRY(const Bytes sub, uuid_bytes(user.str()));
  return pool_prefix(pool).fixed(sub).take();
}

Bytes revocation_key(const PoolId& pool, std::uint8_t kind, BytesView id) {
  return pool_prefix(pool).u8(kind).fixed(id).take();
}

}  // namespace

Result<Bytes> session_key(const PoolId& pool, const UserId& user, const std::string& origin_jti) {
  TRY(const Bytes sub, uuid_bytes(user.str()));
  TRY(const Bytes jti, uuid_bytes(origin_jti));
  return pool_prefix(pool).fixed(sub).fixed(jti).take();
}

Result<Bytes> family_revocation_key(const PoolId& pool, const std::string& origin_jti) {
  TRY(const Bytes jti, uuid_bytes(origin_jti));
  return revocation_key(pool, revoked_family, jti);
}

Result<Bytes> user_revocation_key(const PoolId& pool, const UserId& user) {
  TRY(const Bytes sub, uuid_bytes(user.str()));
  return revocation_key(pool, revoked_user, sub);
}

Result<RevocationRow> farther_revocation(const storage::Reader& reader, Bytes key, Revocation revocation) {
  RevocationRow row{.key = std::move(key), .revocation = revocation, .replaces = {}};
  TRY(const auto found, reader.find(revocations_table, row.key));
  if (!found) return row;
  TRY(const auto before, decode_revocation(found->plain));
  row.revocation = farther_of(before, revocation);
  row.replaces = found->tag;
  return row;
}

void put_revocation_row(storage::Transaction& transaction, const PoolId& pool, const RevocationRow& row) {
  if (row.replaces) {
    transaction.require_unchanged(revocations_table, row.key, *row.replaces, changed_meanwhile());
  } else {
    transaction.require_absent(revocations_table, row.key, changed_meanwhile());
  }
  transaction.put(revocations_table, row.key, storage::Scope::pool(pool), record_version,
                  encode(row.revocation));
}

Result<RevocationRow> user_sign_out(const Foundation& base, const PoolId& pool, const UserId& user,
                                    WallTime at_least) {
  WallTime end = std::max({at_least, base.clock.now(), base.core.applied().committed_at});
  const auto began = [&](BytesView plain) {
    if (const auto session = decode_session({}, {}, {}, plain)) end = std::max(end, session->started_at);
    return true;
  };
  TRY(const Bytes prefix, user_sessions_prefix(pool, user));
  const storage::Reader reader = base.core.reader();
  TRY_VOID(reader.scan(sessions_table, prefix, {}, max_user_sessions,
                       [&](BytesView, const storage::Stored& row) { began(row.plain); }));
  TRY_VOID(base.local.scan(local_sessions, prefix, {}, max_user_sessions,
                           [&](BytesView, BytesView plain) { return began(plain); }));
  TRY(Bytes key, user_revocation_key(pool, user));
  // It must outlast every refresh token that it ends.
  return farther_revocation(reader, std::move(key),
                            {.revoked_at = end, .keep_until = end + longest_refresh_lifetime});
}

}  // namespace holdfast::identity
