#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "holdfast/async/task.h"
#include "holdfast/identity/actor.h"
#include "holdfast/identity/client_service.h"
#include "holdfast/identity/group_service.h"
#include "holdfast/identity/lockout_service.h"
#include "holdfast/identity/pool_service.h"
#include "holdfast/identity/rehasher.h"
#include "holdfast/identity/session_service.h"
#include "holdfast/identity/token_issuer.h"
#include "holdfast/identity/user_service.h"
#include "holdfast/identity/verified_user.h"

namespace holdfast::identity {

/// Where a request came from: for the fair queue and the audit trail.
struct Origin {
  std::string address;  ///< http's limit key
  std::string request_id;
};

/// How a client proves itself beside its id: Cognito's SECRET_HASH or the secret itself. A public client
/// brings neither.
struct ClientProof {
  std::optional<std::string> secret_hash;
  std::optional<std::string> secret;
};

struct PasswordSignIn {
  ClientId client;
  ClientProof proof;
  std::string username;
  std::string password;
  Origin origin;
};

/// The user must set a password of their own (Cognito's NEW_PASSWORD_REQUIRED).
struct NewPasswordChallenge {
  std::string session;
  User user;
  std::vector<std::string> required_attributes;  ///< of the pool, that the user does not have yet
};

struct NewPasswordAnswer {
  ClientId client;
  ClientProof proof;
  std::string session;
  std::string username;
  std::string new_password;
  Attributes attributes;
  Origin origin;
};

struct RefreshRequest {
  ClientId client;
  ClientProof proof;
  std::string refresh_token;
  Origin origin;
};

/// Signing users in, at whatever region this is: passwords, the first password, refreshing, signing out.
///
/// Errors beside those of the services below: unauthenticated `not_authorized` (wrong user or password, one
/// message and the same work for both), `password_attempts_exceeded`, `user_disabled`,
/// `temporary_password_expired`, `password_reset_required`, `user_not_confirmed`, `secret_hash_missing`,
/// `secret_hash_wrong`, `invalid_session`; unavailable `cut_off_too_long` (passwords only); not_found
/// `client_not_found`; forbidden `flow_not_enabled`. Thread-safe; lives as long as the process.
class SignInService {
 public:
  struct Parts {
    PoolService& pools;
    ClientService& clients;
    UserService& users;
    GroupService& groups;
    LockoutService& lockouts;
    SessionService& sessions;
    TokenIssuer& issuer;
    Rehasher& rehasher;
  };
  SignInService(Foundation base, Parts parts) : base_(std::move(base)), parts_(parts) {}

  using Outcome = std::variant<UserTokens, NewPasswordChallenge>;
  async::Task<Result<Outcome>> sign_in(PasswordSignIn request);
  /// Writes: refused with `read_only_region` at a secondary.
  async::Task<Result<UserTokens>> answer(NewPasswordAnswer request);
  async::Task<Result<UserTokens>> refresh(RefreshRequest request);
  /// Refreshing for a client that is authenticated already (the OAuth grant). `scope` narrows what the new
  /// access token carries (RFC 6749 §6): `invalid_scope` beyond what the session has.
  async::Task<Result<UserTokens>> refresh_for(Client client, std::string refresh_token, Origin origin,
                                              std::optional<std::string> scope = {});

  /// Of the user whose access token was verified. Wrong old password: `not_authorized`, counted like a
  /// sign-in.
  async::Task<Result<region::CommitReceipt>> change_password(VerifiedUser user, std::string old_password,
                                                             std::string new_password, Origin origin);
  async::Task<Result<std::optional<region::CommitReceipt>>> sign_out(VerifiedUser user, Origin origin);
  /// RFC 7009: a client revokes its own tokens; somebody else's or rubbish is no error to the caller and
  /// changes nothing.
  async::Task<Result<std::optional<region::CommitReceipt>>> revoke(RefreshRequest request);
  async::Task<Result<std::optional<region::CommitReceipt>>> revoke_for(Client client,
                                                                       std::string refresh_token,
                                                                       Origin origin);

 private:
  struct Checked;
  struct Proven;
  [[nodiscard]] Result<> check_heard_primary() const;
  [[nodiscard]] Result<Checked> check_caller(const ClientId& client, Flow flow) const;
  async::Task<Result<Proven>> check_password_of(std::shared_ptr<const Pool> pool, std::string username,
                                                std::string password, Origin origin);
  /// The account as it is now, if its password is still of this version; else as a wrong password.
  [[nodiscard]] Result<Account> get_unchanged(const PoolId& pool, const UserId& user,
                                              std::uint64_t credential_version) const;
  async::Task<Result<UserTokens>> start_session(std::shared_ptr<const Pool> pool,
                                                std::shared_ptr<const Client> client, UserId user,
                                                std::uint64_t credential_version, WallTime began,
                                                std::string request_id);
  [[nodiscard]] Result<UserTokens> tokens_of(const Pool& pool, const Client& client, const User& user,
                                             SessionTokens session) const;

  Foundation base_;
  Parts parts_;
};

}  // namespace holdfast::identity
