#include "holdfast/oidc/client_credentials_grant.h"

#include <utility>

#include "holdfast/identity/client_rules.h"

namespace holdfast::oidc {

async::Task<Result<TokenAnswer>> ClientCredentialsGrant::grant(GrantRequest request) {
  const identity::Client& client = *request.client;
  if (!client.is_confidential() || !identity::allows(client, identity::Flow::client_credentials)) {
    co_return fail(ErrorKind::forbidden, "unauthorized_client", "the client may not use client_credentials");
  }
  CO_TRY(auto scopes,
         identity::grant_scopes(identity::machine_scopes(client), request.parameters.find("scope")));
  CO_TRY(auto token, issuer_->issue(*request.pool, client, std::move(scopes)));
  co_return TokenAnswer{.access_token = std::move(token.access_token),
                        .refresh_token = {},
                        .id_token = {},
                        .expires_in = token.expires_in,
                        .scopes = std::move(token.scopes),
                        .receipt = {}};
}

}  // namespace holdfast::oidc
