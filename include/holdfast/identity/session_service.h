#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/async/task.h"
#include "holdfast/identity/actor.h"
#include "holdfast/identity/client_model.h"
#include "holdfast/identity/foundation.h"
#include "holdfast/identity/session_model.h"
#include "holdfast/storage/record.h"

namespace holdfast::identity {

struct Revocation;
struct RevocationRow;

/// A sign-in that succeeded.
struct NewSession {
  PoolId pool;
  ClientId client;
  UserId user;
  std::uint64_t credential_version = 0;
  std::vector<std::string> scopes;
  std::chrono::seconds lifetime;
  WallTime started_at;  ///< next_start, asked before the password was checked
  /// The user's and the credential's row as they were when the password was found right.
  storage::RowTag user_row{};
  storage::RowTag credential_row{};
  std::string request_id = {};
};

/// What a session's tokens are made from, and the refresh token itself (empty: the client keeps the one it
/// has).
struct SessionTokens {
  SealedClaims claims;
  std::string refresh_token;
  std::optional<region::CommitReceipt> receipt;  ///< absent where nothing was written to the log
};

/// Sessions, their sealed refresh tokens and their revocation.
///
/// A sign-in writes a row where this region may write; elsewhere, and where the store refuses writes, its
/// refresh token says that there is none. Revocations and what a secondary learns of generations go into
/// local.db there, and hold there at once. Thread-safe; lives as long as the process.
class SessionService {
 public:
  /// Reads this region's own revocations into memory.
  static Result<std::unique_ptr<SessionService>> open(Foundation base);
  ~SessionService();

  /// When a sign-in that is asked for now begins: now, but after the last sign-out of the whole user, whose
  /// time may be another region's. A sign-out after this ends the session.
  [[nodiscard]] Result<WallTime> next_start(const PoolId& pool, const UserId& user) const;
  /// `changed_meanwhile` (conflict) when user or credential are no longer the rows given; only where this
  /// region writes.
  async::Task<Result<SessionTokens>> start(NewSession session);

  [[nodiscard]] Result<std::string> seal(SealedKind kind, const SealedClaims& claims) const;
  /// `invalid_token` (unauthenticated) for everything that is not an unexpired token of this kind.
  [[nodiscard]] Result<SealedClaims> unseal(SealedKind kind, std::string token) const;

  /// Accepts a refresh token of `client` (RFC 6749 §6): rotates it where the client rotates. Refusals, all
  /// unauthenticated: `token_revoked`, `invalid_token`, `refresh_token_reuse` (which revokes the family).
  async::Task<Result<SessionTokens>> refresh(SealedClaims claims, Client client, std::string request_id);

  /// `token_revoked` (unauthenticated) when the family or the whole user was signed out.
  [[nodiscard]] Result<> check_live(const PoolId& pool, const UserId& user,
                                    const std::string& origin_jti) const;

  /// Ends one family: every token with this origin_jti. The receipt is absent at a region that may not write.
  async::Task<Result<std::optional<region::CommitReceipt>>> revoke(SealedClaims claims, Actor actor);
  /// Ends every session of the user that has begun so far, by any region's clock: the one of `origin_jti`
  /// (where the caller has one) and all that are known here among them. An operator's also ends those that
  /// are not known here and by whose region's clock, which may be ahead, they begin in a moment.
  async::Task<Result<std::optional<region::CommitReceipt>>> sign_out(PoolId pool, UserId user, Actor actor,
                                                                     std::string origin_jti = {});

  /// Removes up to `limit` rows of each kind whose time is over, from where the last call ended; returns how
  /// many went. Where this region may not write: its own alone.
  async::Task<Result<std::size_t>> sweep(std::size_t limit);
  /// sweep, once a minute; ends by cancellation.
  async::Task<> run();

 private:
  struct State;
  struct Known;
  explicit SessionService(Foundation base);
  Result<> load();
  [[nodiscard]] Result<Known> find_known(const SealedClaims& claims) const;
  [[nodiscard]] Result<std::optional<WallTime>> find_revoked_at(const Bytes& key) const;
  Result<std::size_t> sweep_local(std::size_t limit);
  Result<std::size_t> sweep_replicated(storage::Transaction& transaction, std::size_t limit);
  async::Task<Result<std::optional<region::CommitReceipt>>> keep(Session session, Known known,
                                                                 std::string request_id);
  /// `prepare` runs on the disk pool, again when its row has changed meanwhile.
  async::Task<Result<std::optional<region::CommitReceipt>>> put_revocation(
      PoolId pool, std::function<Result<RevocationRow>()> prepare, storage::AuditEvent event);
  async::Task<Result<>> remember_revocation(Bytes key, Revocation revocation);

  Foundation base_;
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::identity
