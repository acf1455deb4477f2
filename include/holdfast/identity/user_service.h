#pragma once

#include <memory>
#include <optional>
#include <string>

#include "holdfast/async/task.h"
#include "holdfast/identity/actor.h"
#include "holdfast/identity/foundation.h"
#include "holdfast/identity/page.h"
#include "holdfast/identity/password_hasher.h"
#include "holdfast/identity/pool_model.h"
#include "holdfast/identity/user_model.h"
#include "holdfast/storage/record.h"

namespace holdfast::identity {

class PoolService;

/// What an administrator says of a new user.
struct NewUser {
  PoolId pool;
  std::string username;
  Attributes attributes;
  /// Absent: a temporary one is drawn.
  std::optional<std::string> password;
  /// True: `password` is the user's for good, status CONFIRMED. False: it is temporary,
  /// FORCE_CHANGE_PASSWORD.
  bool permanent = false;
};

struct CreatedUser {
  User user;
  /// The drawn temporary password; empty when the caller gave one. Shown once, to the administrator.
  std::string temporary_password;
};

/// A user's own new password, after proof of the old one.
struct PasswordChange {
  PoolId pool;
  UserId user;
  std::string password;
  std::uint64_t proven_version = 0;  ///< the credential's whose password was proven
  Attributes attributes;             ///< changed in the same write; an empty value removes
  async::FairKey turn;               ///< in the hash queue
  /// Of the session that asks, which the change must not end: it may lie ahead (of an operator's sign-out, of
  /// another region's clock).
  WallTime session_began;
};

/// Which users a list shows: those whose username or e-mail starts with a text (as in the index: folded).
struct UserFilter {
  enum class Field : std::uint8_t { none, username, email };
  Field field = Field::none;
  std::string prefix;
};

/// A user together with what the password is checked against, as sign-in needs it.
struct Account {
  User user;
  std::optional<PasswordCredential> credential;
  storage::RowTag user_row{};        ///< as read, for preconditions
  storage::RowTag credential_row{};  ///< meaningful where there is a credential
};

/// What a token's user is asked for at each request.
struct UserStanding {
  std::string username;
  bool enabled = false;
};

/// Users of all pools, as administrators and sign-in handle them. Reads go to the store: there may be
/// millions, and what they say of themselves lies in memory no longer than a request takes. Personal data in
/// keys is blinded; exact look-up goes through the blinded indexes. Thread-safe; lives as long as the
/// process.
class UserService {
 public:
  UserService(Foundation base, PoolService& pools);
  ~UserService();

  /// Refusals: `not_found` (pool), `invalid_username`, `invalid_attribute`, `invalid_password`,
  /// `already_exists`.
  async::Task<Result<Written<CreatedUser>>> create(NewUser draft, Actor actor);
  /// An empty value removes an attribute. Administrators may set `*_verified`.
  async::Task<Result<Written<User>>> update_attributes(PoolId pool, UserId user, Attributes change,
                                                       Actor actor);
  /// `state_unchanged` when it is so already. A disabled user's tokens open nothing.
  async::Task<Result<Written<User>>> set_enabled(PoolId pool, UserId user, bool enabled, Actor actor);
  /// An administrator's: ends every session that began before.
  async::Task<Result<Written<User>>> set_password(PoolId pool, UserId user, std::string password,
                                                  bool permanent, Actor actor);
  /// Sessions go on. `changed_meanwhile` when the credential is no longer of the proven version.
  async::Task<Result<Written<User>>> change_password(PasswordChange change, Actor actor);
  /// Voids all counted failures, in every region.
  async::Task<Result<region::CommitReceipt>> unlock(PoolId pool, UserId user, Actor actor);
  async::Task<Result<region::CommitReceipt>> remove(PoolId pool, UserId user, Actor actor);

  /// `not_found` when there is none.
  [[nodiscard]] Result<User> get(const PoolId& pool, const UserId& user) const;
  /// From memory for users seen lately; as right as `get`. `not_found` when there is none.
  [[nodiscard]] Result<std::shared_ptr<const UserStanding>> standing(const PoolId& pool,
                                                                     const UserId& user) const;
  /// What tokens are compared with, likewise from memory: the credential without its verifier, which lies in
  /// memory no longer than a request takes. Version 0, which no token is older than, where there is no
  /// password.
  [[nodiscard]] Result<std::shared_ptr<const PasswordCredential>> credential_standing(
      const PoolId& pool, const UserId& user) const;
  [[nodiscard]] Result<Account> get_account(const PoolId& pool, const UserId& user) const;
  /// Exact; `not_found` when nobody has it. A `sub` is also found as a username, as in Cognito.
  [[nodiscard]] Result<User> get_by_username(const PoolId& pool, std::string_view username) const;
  /// Exact; several users may share an address or number.
  [[nodiscard]] Result<std::vector<User>> find_by_email(const PoolId& pool, std::string_view email) const;
  [[nodiscard]] Result<std::vector<User>> find_by_phone(const PoolId& pool, std::string_view phone) const;
  /// In creation order. A filter looks at up to 1,000 users a page.
  [[nodiscard]] Result<Page<User>> list(const PoolId& pool, const UserFilter& filter,
                                        const PageQuery& query) const;

  /// A stable blinded name for a typed username, whether it exists or not: for queues and counters.
  [[nodiscard]] Result<Bytes> blinded_username(const Pool& pool, std::string_view username) const;
  [[nodiscard]] const PasswordHasher& hasher() const { return hasher_; }

 private:
  struct Rows;
  struct NewPassword;
  struct Standings;
  [[nodiscard]] Result<std::shared_ptr<const Pool>> pool(const PoolId& id) const;
  [[nodiscard]] Result<Rows> load(const PoolId& pool, const UserId& user) const;
  [[nodiscard]] Result<std::vector<User>> find_by_address(const PoolId& pool, std::string_view what,
                                                          std::string_view text) const;
  Result<> put_addresses(storage::Transaction& transaction, const User& before, const User& after) const;
  async::Task<Result<Written<User>>> put_password(Rows rows, NewPassword wanted, Actor actor);

  Foundation base_;
  PoolService* pools_;
  PasswordHasher hasher_;
  std::unique_ptr<Standings> standings_;
};

}  // namespace holdfast::identity
