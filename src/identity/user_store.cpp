#include "user_store.h"

#include "holdfast/base/text.h"
#include "holdfast/identity/user_rules.h"
#include "record_fields.h"
#include "records.h"
#include "tables.h"

namespace holdfast::identity {

Error no_such_user() { return not_found("no such user"); }

Bytes user_key(const PoolId& pool, BytesView sub) { return pool_prefix(pool).fixed(sub).take(); }

Bytes username_row_key(const PoolId& pool, BytesView blind) { return pool_prefix(pool).fixed(blind).take(); }

Bytes address_row_key(const PoolId& pool, BytesView blind, BytesView sub) {
  return pool_prefix(pool).fixed(blind).fixed(sub).take();
}

Bytes user_order_key(const PoolId& pool, WallTime created_at, BytesView sub) {
  return pool_prefix(pool).u64(static_cast<std::uint64_t>(to_micros(created_at))).fixed(sub).take();
}

Result<Bytes> blind_username(const storage::KeyRing& keys, const Pool& pool, std::string_view username) {
  const storage::Blinder blinder(keys);
  const std::string what = "username:" + pool.id.str();
  if (!pool.usernames_are_case_sensitive)
    return blinder.blind(what, username, storage::Normalisation::folded);
  TRY(const auto normal, to_nfc(username));
  return blinder.blind(what, normal, storage::Normalisation::exact);
}

Result<Bytes> blind_email(const storage::KeyRing& keys, const PoolId& pool, std::string_view email) {
  return storage::Blinder(keys).blind("email:" + pool.str(), trim(email), storage::Normalisation::folded);
}

Result<Bytes> blind_phone(const storage::KeyRing& keys, const PoolId& pool, std::string_view phone) {
  return storage::Blinder(keys).blind("phone:" + pool.str(), trim(phone), storage::Normalisation::exact);
}

Result<std::optional<Loaded<User>>> find_user(const storage::Reader& reader, const PoolId& pool,
                                              const UserId& user) {
  const auto sub = uuid_bytes(user.str());
  if (!sub) return std::optional<Loaded<User>>();
  TRY(const auto found, reader.find(users_table, user_key(pool, *sub)));
  if (!found) return std::optional<Loaded<User>>();
  TRY(auto decoded, decode_user(pool, user, found->plain));
  return std::optional(Loaded<User>{.value = std::move(decoded), .tag = found->tag});
}

Result<std::optional<Loaded<PasswordCredential>>> find_credential(const storage::Reader& reader,
                                                                  const PoolId& pool, const UserId& user) {
  const auto sub = uuid_bytes(user.str());
  if (!sub) return std::optional<Loaded<PasswordCredential>>();
  TRY(const auto found, reader.find(credentials_table, user_key(pool, *sub)));
  if (!found) return std::optional<Loaded<PasswordCredential>>();
  TRY(auto decoded, decode_credential(found->plain));
  return std::optional(Loaded<PasswordCredential>{.value = std::move(decoded), .tag = found->tag});
}

Result<std::optional<UserId>> find_user_id(const storage::Reader& reader, const storage::KeyRing& keys,
                                           const Pool& pool, std::string_view username) {
  if (is_uuid(username)) return std::optional(UserId(std::string(username)));
  TRY(const auto blind, blind_username(keys, pool, username));
  TRY(const auto found, reader.find(usernames_table, username_row_key(pool.id, blind)));
  if (!found) return std::optional<UserId>();
  if (found->plain.size() != uuid_size) {
    return damaged("username row: no sub");
  }
  return std::optional(UserId(uuid_text(found->plain)));
}

}  // namespace holdfast::identity
