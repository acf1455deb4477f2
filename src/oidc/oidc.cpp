#include "holdfast/oidc/oidc.h"

#include "holdfast/oidc/client_credentials_grant.h"
#include "holdfast/oidc/refresh_token_grant.h"

namespace holdfast::oidc {
namespace {

std::vector<std::unique_ptr<Grant>> all_grants(identity::Identity& identity) {
  std::vector<std::unique_ptr<Grant>> grants;
  grants.push_back(std::make_unique<ClientCredentialsGrant>(identity.issuer));
  grants.push_back(std::make_unique<RefreshTokenGrant>(identity.sign_in));
  return grants;
}

}  // namespace

Oidc::Oidc(identity::Identity& identity)
    : tokens(identity.pools, identity.clients, all_grants(identity)),
      revocations(identity.pools, identity.clients, identity.sign_in) {}

}  // namespace holdfast::oidc
