// The reading half of UserService.
#include "holdfast/base/secret.h"
#include "holdfast/base/text.h"
#include "holdfast/identity/pool_service.h"
#include "holdfast/identity/user_rules.h"
#include "holdfast/identity/user_service.h"
#include "records.h"
#include "tables.h"
#include "user_standings.h"
#include "user_store.h"

namespace holdfast::identity {
namespace {

// Rows that a filtered list looks at before it answers with what it has and a `next`.
constexpr std::size_t filter_scan_limit = 1000;
constexpr std::size_t max_shared_address = 1000;

Result<bool> matches(const Pool& pool, const User& user, const UserFilter& filter) {
  switch (filter.field) {
    case UserFilter::Field::none:
      return true;
    case UserFilter::Field::username: {
      TRY(const auto prefix, username_key(filter.prefix, pool.usernames_are_case_sensitive));
      TRY(const auto name, username_key(user.username, pool.usernames_are_case_sensitive));
      return name.starts_with(prefix);
    }
    case UserFilter::Field::email: {
      const auto found = user.attributes.find("email");
      if (found == user.attributes.end()) return false;
      TRY(const auto prefix, email_key(filter.prefix));
      TRY(const auto email, email_key(found->second));
      return email.starts_with(prefix);
    }
  }
  return false;
}

}  // namespace

Result<User> UserService::get(const PoolId& pool_id, const UserId& id) const {
  TRY(auto found, find_user(base_.core.reader(), pool_id, id));
  if (!found) return fail(no_such_user());
  return std::move(found->value);
}

Result<std::shared_ptr<const UserStanding>> UserService::standing(const PoolId& pool_id,
                                                                  const UserId& id) const {
  TRY(const Bytes sub, uuid_bytes(id.str()));
  return standings_->by_row.get(user_key(pool_id, sub), [&]() -> Result<std::shared_ptr<const UserStanding>> {
    TRY(auto user, get(pool_id, id));
    return std::make_shared<const UserStanding>(
        UserStanding{.username = std::move(user.username), .enabled = user.enabled});
  });
}

Result<std::shared_ptr<const PasswordCredential>> UserService::credential_standing(const PoolId& pool_id,
                                                                                   const UserId& id) const {
  using Standing = std::shared_ptr<const PasswordCredential>;
  TRY(const Bytes sub, uuid_bytes(id.str()));
  return standings_->credentials.get(user_key(pool_id, sub), [&]() -> Result<Standing> {
    TRY(auto credential, find_credential(base_.core.reader(), pool_id, id));
    if (!credential) return std::make_shared<const PasswordCredential>();
    wipe(credential->value.phc);
    return std::make_shared<const PasswordCredential>(std::move(credential->value));
  });
}

Result<Account> UserService::get_account(const PoolId& pool_id, const UserId& id) const {
  const storage::Reader reader = base_.core.reader();
  TRY(auto user, find_user(reader, pool_id, id));
  if (!user) return fail(no_such_user());
  TRY(auto credential, find_credential(reader, pool_id, id));
  Account account{.user = std::move(user->value), .credential = {}, .user_row = user->tag};
  if (credential) {
    account.credential = std::move(credential->value);
    account.credential_row = credential->tag;
  }
  return account;
}

Result<User> UserService::get_by_username(const PoolId& pool_id, std::string_view username) const {
  TRY(const auto in_pool, pool(pool_id));
  TRY(const auto id, find_user_id(base_.core.reader(), *base_.core.keys(), *in_pool, username));
  if (!id) return fail(no_such_user());
  return get(pool_id, *id);
}

Result<std::vector<User>> UserService::find_by_address(const PoolId& pool_id, std::string_view what,
                                                       std::string_view text) const {
  const auto& keys = *base_.core.keys();
  TRY(const Bytes blind,
      what == "email" ? blind_email(keys, pool_id, text) : blind_phone(keys, pool_id, text));
  const storage::Reader reader = base_.core.reader();
  std::vector<UserId> ids;
  TRY_VOID(reader.scan(addresses_table, username_row_key(pool_id, blind), {}, max_shared_address,
                       [&](BytesView key, const storage::Stored&) {
                         ids.emplace_back(uuid_text(key.substr(key.size() - uuid_size)));
                       }));
  std::vector<User> users;
  for (const UserId& id : ids) {
    TRY(auto user, find_user(reader, pool_id, id));
    if (user) users.push_back(std::move(user->value));
  }
  return users;
}

Result<std::vector<User>> UserService::find_by_email(const PoolId& pool_id, std::string_view email) const {
  return find_by_address(pool_id, "email", email);
}

Result<std::vector<User>> UserService::find_by_phone(const PoolId& pool_id, std::string_view phone) const {
  return find_by_address(pool_id, "phone", phone);
}

Result<Page<User>> UserService::list(const PoolId& pool_id, const UserFilter& filter,
                                     const PageQuery& query) const {
  TRY(const auto in_pool, pool(pool_id));
  const storage::Reader reader = base_.core.reader();
  const std::size_t scan_limit = filter.field == UserFilter::Field::none ? query.limit : filter_scan_limit;
  return read_page<User>(reader, user_order_table, pool_key(pool_id), query, scan_limit,
                         [&](BytesView key, const storage::Stored&) -> Result<std::optional<User>> {
                           const UserId id(uuid_text(key.substr(key.size() - uuid_size)));
                           TRY(auto user, find_user(reader, pool_id, id));
                           if (!user) return std::optional<User>();
                           TRY(const bool wanted, matches(*in_pool, user->value, filter));
                           if (!wanted) return std::optional<User>();
                           return std::optional(std::move(user->value));
                         });
}

Result<Bytes> UserService::blinded_username(const Pool& in_pool, std::string_view username) const {
  return blind_username(*base_.core.keys(), in_pool, username);
}

}  // namespace holdfast::identity
