#include "holdfast/identity/token_issuer.h"

#include <utility>

#include "holdfast/crypto/jws.h"
#include "holdfast/identity/client_rules.h"
#include "holdfast/identity/key_service.h"
#include "holdfast/identity/token_claims.h"

namespace holdfast::identity {

Result<> TokenIssuer::ready(const PoolId& pool) const {
  TRY(const auto signer, keys_->signer(pool));
  return {};
}

Result<UserTokens> TokenIssuer::issue(const Pool& pool, const Client& client, const User& user,
                                      const std::vector<std::string>& groups,
                                      const SealedClaims& session) const {
  TRY(const auto signer, keys_->signer(pool.id));
  const Lifetimes lifetimes = lifetimes_of(pool, client);
  const TokenContext context{.issuer = issuer_of(base_.issuer_base, pool.id),
                             .client = client.id,
                             .origin_jti = session.origin_jti,
                             .event_id = crypto::random_uuid(base_.entropy),
                             .auth_time = session.started_at,
                             .issued_at = base_.clock.now(),
                             .scopes = session.scopes,
                             .credential_version = session.credential_version};
  UserTokens tokens;
  TRY(tokens.access_token, crypto::sign_compact(signer->key, signer->header_json,
                                                access_token_payload(context, user, groups, lifetimes.access,
                                                                     crypto::random_uuid(base_.entropy))));
  TRY(tokens.id_token, crypto::sign_compact(signer->key, signer->header_json,
                                            id_token_payload(context, user, groups, lifetimes.id,
                                                             crypto::random_uuid(base_.entropy))));
  tokens.expires_in = lifetimes.access;
  tokens.scopes = session.scopes;
  return tokens;
}

Result<MachineToken> TokenIssuer::issue(const Pool& pool, const Client& client,
                                        std::vector<std::string> scopes) const {
  TRY(const auto signer, keys_->signer(pool.id));
  const Lifetimes lifetimes = lifetimes_of(pool, client);
  const WallTime now = base_.clock.now();
  const TokenContext context{.issuer = issuer_of(base_.issuer_base, pool.id),
                             .client = client.id,
                             .origin_jti = {},
                             .event_id = {},
                             .auth_time = now,
                             .issued_at = now,
                             .scopes = std::move(scopes)};
  MachineToken token;
  TRY(token.access_token, crypto::sign_compact(signer->key, signer->header_json,
                                               machine_token_payload(context, lifetimes.access,
                                                                     crypto::random_uuid(base_.entropy))));
  token.expires_in = lifetimes.access;
  token.scopes = context.scopes;
  return token;
}

}  // namespace holdfast::identity
