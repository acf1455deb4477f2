#include "holdfast/identity/user_service.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "holdfast/base/secret.h"
#include "holdfast/base/text.h"
#include "holdfast/identity/pool_rules.h"
#include "holdfast/identity/pool_service.h"
#include "holdfast/identity/user_rules.h"
#include "records.h"
#include "session_store.h"
#include "tables.h"
#include "user_standings.h"
#include "user_store.h"

namespace holdfast::identity {
namespace {

// The audit trail names what changed, never the values.
std::string changed_names(const Attributes& change) {
  std::string names;
  for (const auto& [name, value] : change) names += (names.empty() ? "" : " ") + name;
  return names;
}

storage::AuditEvent attributes_changed(const Foundation& base, const Actor& actor, const User& user,
                                       const Attributes& change) {
  return audit_event(base, actor, "USER_UPDATED", "user", user.id.str(),
                     {{"pool", user.pool.str()}, {"attributes", changed_names(change)}});
}

constexpr int put_password_attempts = 4;

Error too_many_changes() {
  return {.kind = ErrorKind::overloaded,
          .code = "overloaded",
          .message = "too many changes of one user at the same time",
          .detail = {}};
}

// Administrators' own look-ups and settings share one turn of the hash queue.
async::FairKey admin_turn() { return {.address = "admin", .user = {}}; }

}  // namespace

/// A user's rows as read together.
struct UserService::Rows {
  std::shared_ptr<const Pool> pool;
  Bytes sub;
  Loaded<User> user;
  std::optional<Loaded<PasswordCredential>> credential;
};

/// What put_password writes.
struct UserService::NewPassword {
  std::string phc;
  bool permanent = true;
  bool by_user = false;    ///< else an administrator's: it ends every session
  WallTime session_began;  ///< as in PasswordChange
  Attributes attributes;   ///< changed beside it
};

UserService::UserService(Foundation base, PoolService& pools)
    : base_(std::move(base)),
      pools_(&pools),
      hasher_(base_.hashing, base_.argon2),
      standings_(std::make_unique<Standings>(base_.core)) {}
UserService::~UserService() = default;

Result<std::shared_ptr<const Pool>> UserService::pool(const PoolId& id) const { return pools_->get(id); }

Result<UserService::Rows> UserService::load(const PoolId& pool_id, const UserId& id) const {
  TRY(auto found_pool, pool(pool_id));
  const storage::Reader reader = base_.core.reader();
  TRY(auto user, find_user(reader, pool_id, id));
  if (!user) return fail(no_such_user());
  TRY(auto credential, find_credential(reader, pool_id, id));
  TRY(auto sub, uuid_bytes(id.str()));
  return Rows{.pool = std::move(found_pool),
              .sub = std::move(sub),
              .user = *std::move(user),
              .credential = std::move(credential)};
}

Result<> UserService::put_addresses(storage::Transaction& transaction, const User& before,
                                    const User& after) const {
  const auto& keys = *base_.core.keys();
  TRY(const Bytes sub, uuid_bytes(after.id.str()));
  const auto move = [&](const std::string& name, auto blind) -> Result<> {
    const auto old_value = before.attributes.find(name);
    const auto new_value = after.attributes.find(name);
    if (old_value != before.attributes.end()) {
      TRY(const Bytes row, blind(keys, after.pool, old_value->second));
      transaction.erase(addresses_table, address_row_key(after.pool, row, sub));
    }
    if (new_value != after.attributes.end()) {
      TRY(const Bytes row, blind(keys, after.pool, new_value->second));
      transaction.put(addresses_table, address_row_key(after.pool, row, sub),
                      storage::Scope::pool(after.pool), record_version, empty_record);
    }
    return {};
  };
  TRY_VOID(move("email", blind_email));
  return move("phone_number", blind_phone);
}

async::Task<Result<Written<CreatedUser>>> UserService::create(NewUser draft, Actor actor) {
  CO_TRY(const auto in_pool, pool(draft.pool));
  if (!base_.writer.may_write()) co_return fail(base_.writer.state().refusal());
  CreatedUser created;
  User& user = created.user;
  user.pool = draft.pool;
  user.id = new_user_id(base_.entropy);
  CO_TRY(user.username, check_username(draft.username));
  CO_TRY_VOID(check_new_attributes(*in_pool, draft.attributes));
  user.attributes = std::move(draft.attributes);
  user.status = draft.password && draft.permanent ? UserStatus::confirmed : UserStatus::force_change_password;
  user.created_at = user.modified_at = base_.clock.now();
  if (draft.password) {
    CO_TRY_VOID(check_password(in_pool->password, *draft.password));
  } else {
    created.temporary_password = new_temporary_password(in_pool->password, base_.entropy);
  }
  PasswordCredential credential;
  CO_TRY(credential.phc, co_await hasher_.hash(admin_turn(), draft.password ? *std::move(draft.password)
                                                                            : created.temporary_password));
  credential.version = 1;
  credential.changed_at = user.created_at;
  credential.temporary = user.status == UserStatus::force_change_password;
  if (credential.temporary)
    credential.temporary_until = user.created_at + in_pool->password.temporary_validity;

  CO_TRY(const Bytes sub, uuid_bytes(user.id.str()));
  CO_TRY(const Bytes blind, blind_username(*base_.core.keys(), *in_pool, user.username));
  const storage::Scope scope = storage::Scope::pool(user.pool);
  const Bytes row = user_key(user.pool, sub);
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_present(pools_table, pool_key(user.pool), not_found("no such pool"))
      .require_absent(usernames_table, username_row_key(user.pool, blind),
                      already_exists("there is a user of that name"))
      .require_absent(users_table, row, already_exists("the user's id is taken: try again"))
      .put(users_table, row, scope, record_version, encode(user))
      .put(credentials_table, row, scope, record_version, encode(credential))
      .put(usernames_table, username_row_key(user.pool, blind), scope, record_version, sub)
      .put(user_order_table, user_order_key(user.pool, user.created_at, sub), scope, record_version,
           empty_record);
  CO_TRY_VOID(put_addresses(transaction, User{}, user));
  transaction.audit(
      audit_event(base_, actor, "USER_CREATED", "user", user.id.str(), {{"pool", user.pool.str()}}));
  CO_TRY_VOID(board(actor.rider, transaction, created));
  CO_TRY(auto receipt, co_await base_.writer.commit(std::move(transaction)));
  co_return Written<CreatedUser>{.value = std::move(created), .receipt = receipt};
}

async::Task<Result<Written<User>>> UserService::update_attributes(PoolId pool_id, UserId id,
                                                                  Attributes change, Actor actor) {
  CO_TRY(auto rows, load(pool_id, id));
  User user = rows.user.value;
  CO_TRY(user.attributes, change_attributes(*rows.pool, user.attributes, change));
  user.modified_at = base_.clock.now();
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_unchanged(users_table, user_key(pool_id, rows.sub), rows.user.tag, changed_meanwhile())
      .put(users_table, user_key(pool_id, rows.sub), storage::Scope::pool(pool_id), record_version,
           encode(user));
  CO_TRY_VOID(put_addresses(transaction, rows.user.value, user));
  transaction.audit(attributes_changed(base_, actor, user, change));
  CO_TRY(auto receipt, co_await base_.writer.commit(std::move(transaction)));
  co_return Written<User>{.value = std::move(user), .receipt = receipt};
}

async::Task<Result<Written<User>>> UserService::set_enabled(PoolId pool_id, UserId id, bool enabled,
                                                            Actor actor) {
  CO_TRY(auto rows, load(pool_id, id));
  User user = std::move(rows.user.value);
  if (user.enabled == enabled) {
    co_return fail(ErrorKind::conflict, "state_unchanged",
                   enabled ? "the user is enabled" : "the user is disabled");
  }
  user.enabled = enabled;
  user.modified_at = base_.clock.now();
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_unchanged(users_table, user_key(pool_id, rows.sub), rows.user.tag, changed_meanwhile())
      .put(users_table, user_key(pool_id, rows.sub), storage::Scope::pool(pool_id), record_version,
           encode(user))
      .audit(audit_event(base_, actor, enabled ? "USER_ENABLED" : "USER_DISABLED", "user", id.str(),
                         {{"pool", pool_id.str()}}));
  CO_TRY(auto receipt, co_await base_.writer.commit(std::move(transaction), region::AckClass::security));
  co_return Written<User>{.value = std::move(user), .receipt = receipt};
}

async::Task<Result<Written<User>>> UserService::put_password(Rows rows, NewPassword wanted, Actor actor) {
  User user = rows.user.value;
  user.status = wanted.permanent ? UserStatus::confirmed : UserStatus::force_change_password;
  user.modified_at = base_.clock.now();
  PasswordCredential credential = rows.credential ? rows.credential->value : PasswordCredential{};
  credential.phc = std::move(wanted.phc);
  ++credential.version;
  if (!wanted.by_user) credential.oldest_valid_version = credential.version;
  credential.changed_at = std::max(user.modified_at, wanted.session_began + std::chrono::milliseconds(1));
  credential.temporary = !wanted.permanent;
  credential.temporary_until =
      wanted.permanent ? WallTime{} : user.modified_at + rows.pool->password.temporary_validity;
  // Whoever may set the password may also sign in at once.
  ++credential.lockout_epoch;

  const Bytes row = user_key(user.pool, rows.sub);
  const storage::Scope scope = storage::Scope::pool(user.pool);
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_unchanged(users_table, row, rows.user.tag, changed_meanwhile());
  if (rows.credential) {
    transaction.require_unchanged(credentials_table, row, rows.credential->tag, changed_meanwhile());
  } else {
    transaction.require_absent(credentials_table, row, changed_meanwhile());
  }
  if (!wanted.attributes.empty()) {
    CO_TRY(user.attributes, change_attributes(*rows.pool, user.attributes, wanted.attributes));
    CO_TRY_VOID(put_addresses(transaction, rows.user.value, user));
    transaction.audit(attributes_changed(base_, actor, user, wanted.attributes));
  }
  transaction.put(users_table, row, scope, record_version, encode(user))
      .put(credentials_table, row, scope, record_version, encode(credential));
  if (!wanted.by_user) {
    // Beside the credential's version, which ends what a cut-off region begins later: tokens of before that
    // claim, and those whose version was given out twice, in a tail that was lost, are ended by this alone.
    CO_TRY(const RevocationRow ended, co_await async::offload(base_.disk, [&] {
             return user_sign_out(base_, user.pool, user.id, user.modified_at);
           }));
    put_revocation_row(transaction, user.pool, ended);
  }
  transaction.audit(audit_event(base_, actor, wanted.by_user ? "PASSWORD_CHANGED" : "PASSWORD_SET", "user",
                                user.id.str(), {{"pool", user.pool.str()}}));
  CO_TRY(auto receipt, co_await base_.writer.commit(std::move(transaction), region::AckClass::security));
  co_return Written<User>{.value = std::move(user), .receipt = receipt};
}

async::Task<Result<Written<User>>> UserService::set_password(PoolId pool_id, UserId id, std::string password,
                                                             bool permanent, Actor actor) {
  if (!base_.writer.may_write()) co_return fail(base_.writer.state().refusal());
  CO_TRY(auto rows, load(pool_id, id));
  CO_TRY_VOID(check_password(rows.pool->password, password));
  NewPassword wanted{
      .phc = {}, .permanent = permanent, .by_user = false, .session_began = {}, .attributes = {}};
  CO_TRY(wanted.phc, co_await hasher_.hash(admin_turn(), std::move(password)));
  // Voided failures and a new hash of the same password change the rows, too: then only the reading is done
  // again.
  for (int attempt = 0; attempt < put_password_attempts; ++attempt) {
    CO_TRY(rows, load(pool_id, id));
    auto written = co_await put_password(std::move(rows), wanted, actor);
    if (written || written.error().code != changed_meanwhile().code) co_return written;
  }
  co_return fail(too_many_changes());
}

async::Task<Result<Written<User>>> UserService::change_password(PasswordChange change, Actor actor) {
  if (!base_.writer.may_write()) co_return fail(base_.writer.state().refusal());
  const auto is_proven = [&](const Rows& rows) {
    return rows.credential && rows.credential->value.version == change.proven_version;
  };
  CO_TRY(auto rows, load(change.pool, change.user));
  if (!is_proven(rows)) co_return fail(changed_meanwhile());
  CO_TRY_VOID(check_password(rows.pool->password, change.password));
  NewPassword wanted{.phc = {},
                     .permanent = true,
                     .by_user = true,
                     .session_began = change.session_began,
                     .attributes = std::move(change.attributes)};
  CO_TRY(wanted.phc, co_await hasher_.hash(std::move(change.turn), std::move(change.password)));
  for (int attempt = 0; attempt < put_password_attempts; ++attempt) {
    CO_TRY(rows, load(change.pool, change.user));
    if (!is_proven(rows)) co_return fail(changed_meanwhile());
    auto written = co_await put_password(std::move(rows), wanted, actor);
    if (written || written.error().code != changed_meanwhile().code) co_return written;
  }
  co_return fail(too_many_changes());
}

async::Task<Result<region::CommitReceipt>> UserService::unlock(PoolId pool_id, UserId id, Actor actor) {
  CO_TRY(auto rows, load(pool_id, id));
  if (!rows.credential) co_return fail(not_found("the user has no password"));
  PasswordCredential credential = std::move(rows.credential->value);
  ++credential.lockout_epoch;
  const Bytes row = user_key(pool_id, rows.sub);
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_unchanged(credentials_table, row, rows.credential->tag, changed_meanwhile())
      .put(credentials_table, row, storage::Scope::pool(pool_id), record_version, encode(credential))
      .audit(audit_event(base_, actor, "USER_UNLOCKED", "user", id.str(), {{"pool", pool_id.str()}}));
  co_return co_await base_.writer.commit(std::move(transaction), region::AckClass::security);
}

async::Task<Result<region::CommitReceipt>> UserService::remove(PoolId pool_id, UserId id, Actor actor) {
  CO_TRY(const auto rows, load(pool_id, id));
  const User& user = rows.user.value;
  const Bytes row = user_key(pool_id, rows.sub);
  CO_TRY(const Bytes blind, blind_username(*base_.core.keys(), *rows.pool, user.username));
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_unchanged(users_table, row, rows.user.tag, changed_meanwhile())
      .erase(users_table, row)
      .erase(credentials_table, row)
      .erase(usernames_table, username_row_key(pool_id, blind))
      .erase(user_order_table, user_order_key(pool_id, user.created_at, rows.sub));
  User nobody = user;
  nobody.attributes.clear();
  CO_TRY_VOID(put_addresses(transaction, user, nobody));
  const storage::Reader reader = base_.core.reader();
  CO_TRY_VOID(reader.scan(memberships_table, row, {}, 10'000, [&](BytesView key, const storage::Stored&) {
    const BytesView group = key.substr(row.size());
    transaction.erase(memberships_table, key);
    transaction.erase(group_members_table, pool_prefix(pool_id).fixed(group).fixed(rows.sub).take());
  }));
  CO_TRY_VOID(reader.scan(failures_table, row, {}, 100, [&](BytesView key, const storage::Stored&) {
    transaction.erase(failures_table, key);
  }));
  // Session rows stay until they expire: without the user they open nothing, and there may be many.
  transaction.audit(audit_event(base_, actor, "USER_DELETED", "user", id.str(), {{"pool", pool_id.str()}}));
  co_return co_await base_.writer.commit(std::move(transaction), region::AckClass::security);
}

}  // namespace holdfast::identity
