#pragma once

#include <optional>

#include "holdfast/async/task.h"
#include "holdfast/identity/client_service.h"
#include "holdfast/identity/pool_service.h"
#include "holdfast/identity/sign_in_service.h"
#include "holdfast/oidc/token_service.h"

namespace holdfast::oidc {

/// The revocation endpoint (RFC 7009) without HTTP: a client revokes its own refresh token, and with it every
/// token of that origin_jti. An unknown or foreign token is no error (§2.2). Access and ID tokens cannot be
/// revoked one by one: `unsupported_token_type`. At a region that may not write, the revocation holds there.
/// Thread-safe.
class RevocationService {
 public:
  RevocationService(identity::PoolService& pools, identity::ClientService& clients,
                    identity::SignInService& sign_in)
      : pools_(&pools), clients_(&clients), sign_in_(&sign_in) {}

  async::Task<Result<std::optional<region::CommitReceipt>>> revoke(OAuthRequest request);

 private:
  identity::PoolService* pools_;
  identity::ClientService* clients_;
  identity::SignInService* sign_in_;
};

}  // namespace holdfast::oidc
