#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "holdfast/identity/client_model.h"
#include "holdfast/identity/foundation.h"
#include "holdfast/identity/pool_model.h"
#include "holdfast/identity/session_model.h"
#include "holdfast/identity/user_model.h"

namespace holdfast::identity {

class KeyService;

/// What a user's sign-in or refresh answers.
struct UserTokens {
  std::string access_token;
  std::string id_token;
  std::string refresh_token;  ///< empty: the client keeps the one it has
  std::chrono::seconds expires_in;
  std::vector<std::string> scopes;
  std::optional<region::CommitReceipt> receipt;
};

/// A token of a client itself.
struct MachineToken {
  std::string access_token;
  std::chrono::seconds expires_in;
  std::vector<std::string> scopes;
};

/// Signs tokens with the pool's active key. A signature costs up to 0.6 ms of the calling thread (RS256).
/// Thread-safe; lives as long as the process.
class TokenIssuer {
 public:
  TokenIssuer(Foundation base, KeyService& keys) : base_(std::move(base)), keys_(&keys) {}

  /// `signing_key_pending` while the pool has no active key: ask before anything is written.
  [[nodiscard]] Result<> ready(const PoolId& pool) const;
  [[nodiscard]] Result<UserTokens> issue(const Pool& pool, const Client& client, const User& user,
                                         const std::vector<std::string>& groups,
                                         const SealedClaims& session) const;
  [[nodiscard]] Result<MachineToken> issue(const Pool& pool, const Client& client,
                                           std::vector<std::string> scopes) const;

 private:
  Foundation base_;
  KeyService* keys_;
};

}  // namespace holdfast::identity
