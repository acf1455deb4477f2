#pragma once

#include <memory>
#include <string>

#include "holdfast/async/task.h"
#include "holdfast/base/result.h"
#include "holdfast/identity/foundation.h"
#include "holdfast/identity/verified_user.h"

namespace holdfast::identity {

class KeyService;
class ClientService;
class UserService;
class GroupService;
class SessionService;
class CheckedTokens;
struct ReadClaims;

/// What a token says of itself, true or not: to find out whom it concerns, never to open anything.
Result<ReadClaims> unverified_claims(const std::string& token);

/// "Which token opens what", in one place and one order: algorithm from our key record → `iss` of the app's
/// own pool → `token_use` → `aud`, if present → client is one of the app's → origin_jti not revoked, user
/// enabled, password not set since → party and scopes.
///
/// A token's signature is checked when it is first shown and remembered for a while; all the rest is asked
/// again each time.
///
/// Errors: kind unauthenticated, code `invalid_token` (one message for everything that makes a token
/// worthless; the detail says what) or `token_revoked`; kind forbidden, code `wrong_client`, `wrong_party` or
/// `insufficient_scope` for a good token that does not open this. Thread-safe; lives as long as the process.
class TokenVerifier {
 public:
  struct Parts {
    KeyService& keys;
    ClientService& clients;
    UserService& users;
    GroupService& groups;
    SessionService& sessions;
  };
  TokenVerifier(Foundation base, Parts parts);

  /// `token` is the compact JWS as it stood behind `Bearer `.
  async::Task<Result<VerifiedUser>> verify_access_token(std::string token, TokenDemand demand);

  /// For callers that only learn the pool from the token (the Cognito JSON API): a user's access token of any
  /// pool with the self-service scope.
  async::Task<Result<VerifiedUser>> verify_self_service(std::string token);

 private:
  [[nodiscard]] Result<PoolId> pool_named_by(const std::string& token) const;
  [[nodiscard]] Result<std::shared_ptr<const ReadClaims>> verify_signature(const std::string& token,
                                                                           const PoolId& pool) const;
  [[nodiscard]] Result<VerifiedUser> verify(const std::string& token, const TokenDemand& demand) const;
  [[nodiscard]] Result<> check_credential(const ReadClaims& claims, const VerifiedUser& user) const;
  [[nodiscard]] Result<> check_user(const ReadClaims& claims, VerifiedUser& user) const;

  Foundation base_;
  Parts parts_;
  std::shared_ptr<CheckedTokens> checked_;
};

}  // namespace holdfast::identity
