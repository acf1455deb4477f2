#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/async/task.h"
#include "holdfast/identity/actor.h"
#include "holdfast/identity/client_model.h"
#include "holdfast/identity/foundation.h"
#include "holdfast/identity/session_model.h"

namespace holdfast::identity {

/// A sign-in that succeeded.
struct NewSession {
  PoolId pool;
  ClientId client;
  UserId user;
  std::uint64_t credential_version = 0;
  std::vector<std::string> scopes;
  std::chrono::seconds lifetime;
};

/// What a session's tokens are made from, and the refresh token itself (empty: the client keeps the one it
/// has).
struct SessionTokens {
  SealedClaims claims;
  std::string refresh_token;
  std::optional<region::CommitReceipt> receipt;  ///< absent where nothing was written to the log
};

/// Sessions, their sealed refresh tokens and their revocation (product.md, "A secondary signs users in").
///
/// A sign-in writes a row where this region may write; elsewhere, and where the store refuses writes, its
/// refresh token says that there is none. Revocations and what a secondary learns of generations go into
/// local.db there, and hold there at once. Thread-safe; lives as long as the process.
class SessionService {
 public:
  /// Reads this region's own revocations into memory.
  static Result<std::unique_ptr<SessionService>> open(Foundation base);
  ~SessionService();

  async::Task<Result<SessionTokens>> start(NewSession session);

  [[nodiscard]] Result<std::string> seal(SealedKind kind, const SealedClaims& claims) const;
  /// `invalid_token` (unauthenticated) for everything that is not an unexpired token of this kind.
  [[nodiscard]] Result<SealedClaims> unseal(SealedKind kind, std::string token) const;

  /// Accepts a refresh token of `client` (RFC 6749 §6): rotates it where the client rotates. Refusals, all
  /// unauthenticated: `token_revoked`, `invalid_token`, `refresh_token_reuse` (which revokes the family).
  async::Task<Result<SessionTokens>> refresh(SealedClaims claims, Client client);

  /// `token_revoked` (unauthenticated) when the family or the whole user was signed out.
  [[nodiscard]] Result<> check_live(const PoolId& pool, const UserId& user,
                                    const std::string& origin_jti) const;

  /// Ends one family: every token with this origin_jti. The receipt is absent at a region that may not write.
  async::Task<Result<std::optional<region::CommitReceipt>>> revoke(SealedClaims claims, Actor actor);
  /// Ends every session of the user that has begun so far.
  async::Task<Result<std::optional<region::CommitReceipt>>> sign_out(PoolId pool, UserId user, Actor actor);

  /// Removes up to `limit` rows whose time is over, from where the last call ended; returns how many went.
  async::Task<Result<std::size_t>> sweep(std::size_t limit);
  /// sweep, once a minute; ends by cancellation.
  async::Task<> run();

 private:
  struct State;
  struct Known;
  explicit SessionService(Foundation base);
  Result<> load();
  [[nodiscard]] Result<Known> find_known(const SealedClaims& claims) const;
  async::Task<Result<std::optional<region::CommitReceipt>>> keep(Session session, const Known& known);
  async::Task<Result<std::optional<region::CommitReceipt>>> put_revocation(PoolId pool, Bytes id,
                                                                           WallTime keep_until,
                                                                           storage::AuditEvent event);

  Foundation base_;
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::identity
