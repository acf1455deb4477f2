#pragma once

#include "holdfast/identity/identity.h"
#include "holdfast/oidc/revocation_service.h"
#include "holdfast/oidc/token_service.h"

namespace holdfast::oidc {

/// Every service of this room, for the composition root. `identity` outlives it. Thread-safe; lives as long
/// as the process.
struct Oidc {
  explicit Oidc(identity::Identity& identity);

  TokenService tokens;
  RevocationService revocations;
};

}  // namespace holdfast::oidc
