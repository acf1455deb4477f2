#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/async/task.h"
#include "holdfast/identity/client_service.h"
#include "holdfast/identity/pool_service.h"
#include "holdfast/oidc/grant.h"

namespace holdfast::oidc {

/// POST /{pool}/oauth2/token or /revoke as the endpoint read it.
struct OAuthRequest {
  PoolId pool;
  std::optional<std::string> authorization;  ///< the header
  std::string form;                          ///< the body
  identity::Origin origin;
};

/// The token endpoint (RFC 6749 §3.2) without HTTP: authenticates the client and hands over to the one Grant
/// that the request names. Errors: `not_found` for an unknown pool, else oauth_error.h. Thread-safe; lives as
/// long as the process.
class TokenService {
 public:
  TokenService(identity::PoolService& pools, identity::ClientService& clients,
               std::vector<std::unique_ptr<Grant>> grants);

  async::Task<Result<TokenAnswer>> token(OAuthRequest request);
  /// What discovery announces.
  [[nodiscard]] std::vector<std::string> grant_types() const;

 private:
  identity::PoolService* pools_;
  identity::ClientService* clients_;
  std::vector<std::unique_ptr<Grant>> grants_;
};

}  // namespace holdfast::oidc
