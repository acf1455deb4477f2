#pragma once

#include <string>

#include "holdfast/apps/web_origins.h"
#include "holdfast/http/router.h"
#include "holdfast/identity/identity.h"
#include "holdfast/oidc/oidc.h"

namespace holdfast::api {

/// What the OIDC endpoints call; everything outlives the router.
struct OidcParts {
  identity::Identity& identity;
  oidc::Oidc& oidc;
  const apps::WebOrigins& origins;
  std::string issuer_base;
};

/// Public listener: `/{pool}/.well-known/openid-configuration`, `/{pool}/.well-known/jwks.json`,
/// `POST /{pool}/oauth2/token` and `/{pool}/oauth2/revoke` (RFC 6749, RFC 7009), with errors as RFC 6749 §5.2
/// has them. Web pages call the first two from anywhere, the others from origins of the pool's apps.
void add_oidc_rows(http::Router& router, const OidcParts& parts);

}  // namespace holdfast::api
