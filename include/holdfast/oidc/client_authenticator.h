#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/base/ids.h"
#include "holdfast/base/result.h"
#include "holdfast/identity/client_model.h"
#include "holdfast/identity/client_service.h"
#include "holdfast/oidc/parameters.h"

namespace holdfast::oidc {

/// What a client brought to prove who it is.
struct ClientCredentials {
  ClientId id;
  std::optional<std::string> secret;
};

/// Reads client_secret_basic, client_secret_post or the bare client_id of a public client (RFC 6749 §2.3.1,
/// §3.2.1). `invalid_client` for none or an unreadable one, `invalid_request` for two at once.
Result<ClientCredentials> read_client_credentials(std::optional<std::string_view> authorization,
                                                  const Parameters& parameters);

/// `invalid_client` (unauthenticated) unless the client is one of the pool's, enabled, and its secret right;
/// a public client has to come without one. One answer for all of these.
Result<std::shared_ptr<const identity::Client>> authenticate_client(identity::ClientService& clients,
                                                                    const PoolId& pool,
                                                                    const ClientCredentials& credentials);

}  // namespace holdfast::oidc
