#include "holdfast/identity/token_verifier.h"

#include <algorithm>
#include <utility>

#include "checked_tokens.h"
#include "holdfast/base/encoding.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/crypto/jws.h"
#include "holdfast/identity/client_service.h"
#include "holdfast/identity/group_service.h"
#include "holdfast/identity/key_service.h"
#include "holdfast/identity/pool_rules.h"
#include "holdfast/identity/pool_service.h"
#include "holdfast/identity/session_rules.h"
#include "holdfast/identity/session_service.h"
#include "holdfast/identity/token_claims.h"
#include "holdfast/identity/user_service.h"
#include "origin_jti.h"

namespace holdfast::identity {
namespace {

// Twice as many at most: some 10 MB of claims.
constexpr std::size_t checked_tokens_kept = 8192;

std::unexpected<Error> worthless(std::string detail) {
  return fail(ErrorKind::unauthenticated, "invalid_token", "the token is not valid", std::move(detail));
}

std::unexpected<Error> revoked_because(std::string detail) {
  return fail(ErrorKind::unauthenticated, "token_revoked", "the token is revoked", std::move(detail));
}

std::unexpected<Error> not_for_this(std::string_view code, std::string message) {
  return fail(ErrorKind::forbidden, code, std::move(message));
}

Result<> check_use(const ReadClaims& claims, const TokenDemand& demand) {
  if (claims.token_use == "access") {
    const bool named = std::ranges::find(claims.audience, demand.audience) != claims.audience.end();
    if (claims.audience.empty() || named) return {};
    return worthless("token: made for another audience");
  }
  if (claims.token_use == "id" && demand.accept_id_token) return {};
  return worthless("token: token_use is not accepted here");
}

Result<> check_scopes_and_party(const VerifiedUser& user, const TokenDemand& demand) {
  const bool machine = user.is_machine();
  if ((machine && demand.party == TokenDemand::Party::user) ||
      (!machine && demand.party == TokenDemand::Party::machine)) {
    return not_for_this("wrong_party",
                        machine ? "a user's token is needed" : "a client's own token is needed");
  }
  // An ID token proves who somebody is and carries no scopes.
  const bool scoped = machine || user.token_use == TokenUse::access;
  for (const std::string& scope : machine ? demand.machine_scopes : demand.user_scopes) {
    if (scoped && !user.has_scope(scope))
      return not_for_this("insufficient_scope", "the token lacks scope " + scope);
  }
  return {};
}

}  // namespace

Result<ReadClaims> unverified_claims(const std::string& token) {
  const auto first = token.find('.');
  const auto second = token.find('.', first == std::string::npos ? first : first + 1);
  if (second == std::string::npos || token.size() > crypto::max_jws_bytes) return worthless("token: no JWS");
  const auto payload = from_base64url(std::string_view(token).substr(first + 1, second - first - 1));
  if (!payload) return worthless("token: no base64url");
  return read_claims(*payload);
}

TokenVerifier::TokenVerifier(Foundation base, Parts parts)
    : base_(std::move(base)), parts_(parts), checked_(std::make_shared<CheckedTokens>(checked_tokens_kept)) {}

Result<PoolId> TokenVerifier::pool_named_by(const std::string& token) const {
  // Only to find the keys to verify with; `iss` is compared with the pool's own afterwards.
  TRY(const auto claims, unverified_claims(token));
  const auto slash = claims.issuer.rfind('/');
  const std::string pool = slash == std::string::npos ? std::string() : claims.issuer.substr(slash + 1);
  if (!is_pool_id(pool)) return worthless("token: its issuer is no pool");
  return PoolId(pool);
}

// A region that is cut off or behind still takes an old password and signs for it: sign-outs, which end what
// began before them, do not end what begins there afterwards. A token without the claim is of a version that
// did not write it yet: sign-outs alone end it, and it is over within longest_access_lifetime.
Result<> TokenVerifier::check_credential(const ReadClaims& claims, const VerifiedUser& user) const {
  if (!claims.credential_version) return {};
  TRY(const auto credential, parts_.users.credential_standing(user.pool, user.user));
  if (credential_still_counts(*credential, *claims.credential_version, begin_of(claims.origin_jti)))
    return {};
  return revoked_because("the password has been set since");
}

Result<> TokenVerifier::check_user(const ReadClaims& claims, VerifiedUser& user) const {
  TRY_VOID(parts_.sessions.check_live(user.pool, user.user, claims.origin_jti));
  const auto known = parts_.users.standing(user.pool, user.user);
  if (!known && known.error().kind != ErrorKind::not_found) return fail(known.error());
  if (!known || !(*known)->enabled) return revoked_because("the user is gone or disabled");
  TRY_VOID(check_credential(claims, user));
  user.username = (*known)->username;
  if (claims.groups.empty()) return {};
  // Leaving a group takes effect at once, joining one with the next token.
  TRY(const auto groups, parts_.groups.groups_of(user.pool, user.user));
  for (const std::string& name : claims.groups) {
    if (std::ranges::find(groups, name, &Group::name) != groups.end()) user.groups.push_back(name);
  }
  return {};
}

Result<std::shared_ptr<const ReadClaims>> TokenVerifier::verify_signature(const std::string& token,
                                                                          const PoolId& pool) const {
  const auto kid = crypto::jws_key_id(token);
  if (!kid) return worthless(kid.error().detail);
  // Before anything that is remembered: a key that was withdrawn opens nothing. A `kid` is its key's
  // thumbprint, so that pool and token name one key for good.
  TRY(const auto key, parts_.keys.verifying_key(pool, *kid));
  crypto::Sha256 digest;
  digest.update(pool.str());
  digest.update("/");
  digest.update(token);
  const Bytes known_as = digest.finish();
  if (auto claims = checked_->find(known_as)) return claims;
  const auto jws = crypto::verify_compact(token, key);
  if (!jws) return worthless(jws.error().detail);
  TRY(auto claims, read_claims(jws->payload));
  auto kept = std::make_shared<const ReadClaims>(std::move(claims));
  checked_->keep(known_as, kept);
  return kept;
}

Result<VerifiedUser> TokenVerifier::verify(const std::string& token, const TokenDemand& demand) const {
  TRY(const auto checked, verify_signature(token, demand.pool));
  const ReadClaims& claims = *checked;
  if (claims.issuer != issuer_of(base_.issuer_base, demand.pool)) return worthless("token: another issuer");
  TRY_VOID(check_use(claims, demand));
  if (!demand.may_have_expired && base_.clock.now() >= claims.expires_at) return worthless("token: expired");

  VerifiedUser user;
  user.pool = demand.pool;
  user.client = ClientId(claims.client);
  user.scopes = claims.scopes;
  user.token_use = claims.token_use == "id" ? TokenUse::id : TokenUse::access;
  user.expires_at = claims.expires_at;
  const auto client = parts_.clients.get(demand.pool, user.client);
  if (!client && client.error().kind != ErrorKind::not_found) return fail(client.error());
  if (!client || !(*client)->enabled) return worthless("token: its client is gone or disabled");
  if (demand.clients && std::ranges::find(*demand.clients, user.client) == demand.clients->end()) {
    return not_for_this("wrong_client", "the token's client is not one of this app's");
  }
  if (claims.subject != claims.client) {
    user.user = UserId(claims.subject);
    user.origin_jti = claims.origin_jti;
    TRY_VOID(check_user(claims, user));
  }
  TRY_VOID(check_scopes_and_party(user, demand));
  return user;
}

async::Task<Result<VerifiedUser>> TokenVerifier::verify_access_token(std::string token, TokenDemand demand) {
  co_return verify(token, demand);
}

async::Task<Result<VerifiedUser>> TokenVerifier::verify_self_service(std::string token) {
  CO_TRY(auto pool, pool_named_by(token));
  TokenDemand demand;
  demand.pool = std::move(pool);
  demand.user_scopes = {std::string(self_service_scope)};
  co_return verify(token, demand);
}

}  // namespace holdfast::identity
