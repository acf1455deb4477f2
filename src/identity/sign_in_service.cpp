#include "holdfast/identity/sign_in_service.h"

#include <algorithm>
#include <utility>

#include "holdfast/base/metrics.h"
#include "holdfast/identity/client_rules.h"
#include "holdfast/identity/pool_rules.h"
#include "holdfast/identity/session_rules.h"
#include "holdfast/identity/user_rules.h"
#include "origin_jti.h"
#include "store_support.h"

namespace holdfast::identity {
namespace {

metrics::Metric sign_ins{metrics::Kind::counter, "holdfast_sign_ins_total",
                         "Password sign-ins that gave tokens."};
metrics::Metric refreshes{metrics::Kind::counter, "holdfast_refreshes_total", "Refreshes that gave tokens."};

constexpr std::string_view new_password_required = "NEW_PASSWORD_REQUIRED";
constexpr int start_attempts = 4;

std::unexpected<Error> refused(std::string_view code, std::string message) {
  return fail(ErrorKind::unauthenticated, code, std::move(message));
}

std::unexpected<Error> wrong_user_or_password() {
  return refused("not_authorized", "Incorrect username or password.");
}

// Messages are Cognito's, which SDKs and pages compare with.
Result<> check_proof(const Client& client, const ClientProof& proof, std::span<const std::string> usernames) {
  if (!client.is_confidential()) {
    if (!proof.secret_hash && !proof.secret) return {};
    return refused("secret_hash_wrong", "Client " + client.id.str() + " is not configured for a secret");
  }
  if (proof.secret) {
    if (check_client_secret(client, *proof.secret)) return {};
    return refused("secret_hash_wrong", "Unable to verify the secret of client " + client.id.str());
  }
  if (!proof.secret_hash) {
    return refused("secret_hash_missing", "Client " + client.id.str() +
                                              " is configured with secret but SECRET_HASH was not received");
  }
  const bool right = std::ranges::any_of(
      usernames, [&](const std::string& name) { return check_secret_hash(client, name, proof.secret_hash); });
  if (right) return {};
  return refused("secret_hash_wrong", "Unable to verify secret hash for client " + client.id.str());
}

Result<std::shared_ptr<const Client>> get_enabled(ClientService& clients, const ClientId& id) {
  auto client = clients.get(id);
  if (!client && client.error().kind != ErrorKind::not_found) return client;
  if (client && (*client)->enabled) return client;
  return fail(ErrorKind::not_found, "client_not_found",
              "User pool client " + printable_or(id.str(), "of that id") + " does not exist.");
}

Result<> check_may_sign_in(const User& user) {
  if (!user.enabled) return refused("user_disabled", "User is disabled.");
  switch (user.status) {
    case UserStatus::confirmed:
    case UserStatus::force_change_password:
      return {};
    case UserStatus::unconfirmed:
      return refused("user_not_confirmed", "User is not confirmed.");
    case UserStatus::reset_required:
      return refused("password_reset_required", "Password reset required for the user");
    case UserStatus::external_provider:
      return wrong_user_or_password();
  }
  return wrong_user_or_password();
}

std::vector<std::string> group_names(const std::vector<Group>& groups) {
  std::vector<std::string> names;
  names.reserve(groups.size());
  for (const Group& group : groups) names.push_back(group.name);
  return names;
}

// What Cognito's own sign-in API gives: the self-service scope alone, where the client is allowed it.
std::vector<std::string> sign_in_scopes(const Client& client) {
  if (std::ranges::find(client.scopes, self_service_scope) == client.scopes.end()) return {};
  return {std::string(self_service_scope)};
}

// What a session may carry now: scopes taken from the client since are gone.
std::vector<std::string> scopes_left(const std::vector<std::string>& granted, const Client& client) {
  std::vector<std::string> left;
  std::ranges::copy_if(granted, std::back_inserter(left), [&](const std::string& scope) {
    return std::ranges::find(client.scopes, scope) != client.scopes.end();
  });
  return left;
}

std::unexpected<Error> invalid_session() {
  return refused("invalid_session", "Invalid session for the user.");
}

std::unexpected<Error> used_session() {
  return refused("invalid_session", "Invalid session for the user, session can only be used once.");
}

// What the answer to a challenge may bring: attributes that the client may write, and required ones that the
// user does not have yet.
Result<> check_answered_attributes(const Pool& pool, const Client& client, const Attributes& before,
                                   const Attributes& given) {
  for (const auto& [name, value] : given) {
    const auto& writable = client.writable_attributes;
    const auto& required = pool.required_attributes;
    const bool is_missing = std::ranges::find(required, name) != required.end() && !before.contains(name);
    if (std::ranges::find(writable, name) == writable.end() && !is_missing) {
      return fail(ErrorKind::invalid, "invalid_attribute",
                  "attribute " + printable_or(name, "name") + " is not writable");
    }
  }
  TRY(const auto after, change_attributes(pool, before, given));
  return check_new_attributes(pool, after);
}

Actor user_actor(const UserId& user, const Origin& origin) {
  return {.kind = "user", .id = user.str(), .request_id = origin.request_id};
}

}  // namespace

struct SignInService::Checked {
  std::shared_ptr<const Client> client;
  std::shared_ptr<const Pool> pool;
};

/// An account whose password was proven.
struct SignInService::Proven {
  Account account;
  WallTime began;  ///< what ended the user's sessions after this ends this sign-in too
};

Result<SignInService::Checked> SignInService::check_caller(const ClientId& id, Flow flow) const {
  TRY(auto client, get_enabled(parts_.clients, id));
  TRY(auto pool, parts_.pools.get(client->pool));
  if (!allows(*client, flow)) {
    return fail(ErrorKind::forbidden, "flow_not_enabled",
                std::string(to_string(flow)) + " flow not enabled for this client");
  }
  return Checked{.client = std::move(client), .pool = std::move(pool)};
}

Result<Account> SignInService::get_unchanged(const PoolId& pool, const UserId& user,
                                             std::uint64_t credential_version) const {
  auto account = parts_.users.get_account(pool, user);
  if (!account && account.error().kind != ErrorKind::not_found) return fail(account.error());
  const bool is_same = account && account->credential && account->credential->version == credential_version;
  if (!is_same) return wrong_user_or_password();
  return account;
}

async::Task<Result<SignInService::Proven>> SignInService::check_password_of(std::shared_ptr<const Pool> pool,
                                                                            std::string username,
                                                                            std::string password,
                                                                            Origin origin) {
  CO_TRY(Bytes blind, parts_.users.blinded_username(*pool, username));
  const auto user = parts_.users.get_by_username(pool->id, username);
  if (!user && user.error().kind != ErrorKind::not_found) co_return fail(user.error());
  Account account;
  WallTime began = base_.clock.now();
  if (user) {
    CO_TRY(began, parts_.sessions.next_start(pool->id, user->id));
    CO_TRY(account, parts_.users.get_account(pool->id, user->id));
    // A `sub` typed as a username counts on the same account.
    CO_TRY(blind, parts_.users.blinded_username(*pool, user->username));
  }
  AttemptSubject subject{
      .pool = pool->id, .blind = blind, .user = {}, .epoch = 0, .request_id = origin.request_id};
  if (account.credential) {
    subject.user = account.user.id;
    subject.epoch = account.credential->lockout_epoch;
  }
  CO_TRY(auto attempt, co_await parts_.lockouts.admit(std::move(subject)));
  std::string phc = account.credential ? account.credential->phc : std::string();
  CO_TRY(const bool right, co_await parts_.users.hasher().verify({.address = origin.address, .user = blind},
                                                                 std::move(phc), std::move(password)));
  if (!right) {
    co_await parts_.lockouts.failed(std::move(attempt));
    co_return wrong_user_or_password();
  }
  // The wait for a hashing thread may be long: an administrator may have set another password meanwhile.
  CO_TRY(account, get_unchanged(pool->id, account.user.id, account.credential->version));
  co_await parts_.lockouts.succeeded(std::move(attempt));
  co_return Proven{.account = std::move(account), .began = began};
}

Result<UserTokens> SignInService::tokens_of(const Pool& pool, const Client& client, const User& user,
                                            SessionTokens session) const {
  TRY(const auto groups, parts_.groups.groups_of(pool.id, user.id));
  TRY(auto tokens, parts_.issuer.issue(pool, client, user, group_names(groups), session.claims));
  tokens.refresh_token = std::move(session.refresh_token);
  tokens.receipt = session.receipt;
  return tokens;
}

async::Task<Result<UserTokens>> SignInService::start_session(std::shared_ptr<const Pool> pool,
                                                             std::shared_ptr<const Client> client,
                                                             UserId user, std::uint64_t credential_version,
                                                             WallTime began, std::string request_id) {
  CO_TRY_VOID(parts_.issuer.ready(pool->id));
  // Voided failures and the like change the credential's row too: then only the reading is done again.
  for (int attempt = 0; attempt < start_attempts; ++attempt) {
    CO_TRY(const auto account, get_unchanged(pool->id, user, credential_version));
    CO_TRY_VOID(check_may_sign_in(account.user));
    auto session = co_await parts_.sessions.start({.pool = pool->id,
                                                   .client = client->id,
                                                   .user = user,
                                                   .credential_version = credential_version,
                                                   .scopes = sign_in_scopes(*client),
                                                   .lifetime = lifetimes_of(*pool, *client).refresh,
                                                   .started_at = began,
                                                   .user_row = account.user_row,
                                                   .credential_row = account.credential_row,
                                                   .request_id = request_id});
    if (!session && session.error().code == changed_meanwhile().code) continue;
    if (!session) co_return fail(std::move(session).error());
    CO_TRY(auto tokens, tokens_of(*pool, *client, account.user, *std::move(session)));
    sign_ins.add();
    co_return tokens;
  }
  co_return fail(ErrorKind::overloaded, "overloaded", "too many changes of one user at the same time");
}

Result<> SignInService::check_heard_primary() const {
  if (base_.max_stale_sign_in == std::chrono::seconds(0)) return {};
  const auto view = base_.writer.state().view();
  if (view.role != region::Role::secondary || !view.cut_off_since) return {};
  if (base_.clock.steady_now() - *view.cut_off_since <= base_.max_stale_sign_in) return {};
  return fail(ErrorKind::unavailable, "cut_off_too_long",
              "this region has not heard its primary for too long to check passwords");
}

async::Task<Result<SignInService::Outcome>> SignInService::sign_in(PasswordSignIn request) {
  CO_TRY_VOID(check_heard_primary());
  CO_TRY(const auto caller, check_caller(request.client, Flow::user_password));
  const std::vector<std::string> names = {request.username};
  CO_TRY_VOID(check_proof(*caller.client, request.proof, names));
  Secret password(request.password);
  CO_TRY(auto proven, co_await check_password_of(caller.pool, std::move(request.username),
                                                 std::move(request.password), request.origin));
  User& user = proven.account.user;
  CO_TRY_VOID(check_may_sign_in(user));
  const PasswordCredential& credential = *proven.account.credential;
  // A temporary password is about to be replaced anyway.
  if (!credential.temporary && parts_.rehasher.wants(credential.phc)) {
    co_await parts_.rehasher.start(user.pool, user.id, credential.phc, std::move(password),
                                   request.origin.request_id);
  }
  if (user.status != UserStatus::force_change_password) {
    CO_TRY(auto tokens, co_await start_session(caller.pool, caller.client, user.id, credential.version,
                                               proven.began, request.origin.request_id));
    co_return Outcome(std::move(tokens));
  }

  const WallTime now = base_.clock.now();
  if (credential.temporary && now >= credential.temporary_until) {
    co_return refused("temporary_password_expired",
                      "Temporary password has expired and must be reset by an administrator.");
  }
  SealedClaims claims;
  claims.pool = caller.pool->id;
  claims.client = caller.client->id;
  claims.user = user.id;
  claims.origin_jti = crypto::random_uuid(base_.entropy);
  claims.branch = claims.region = base_.region;
  claims.credential_version = credential.version;
  claims.issued_at = claims.started_at = now;
  claims.expires_at = now + caller.pool->lifetimes.challenge;
  claims.challenge = new_password_required;
  NewPasswordChallenge challenge;
  CO_TRY(challenge.session, parts_.sessions.seal(SealedKind::challenge, claims));
  std::ranges::copy_if(caller.pool->required_attributes, std::back_inserter(challenge.required_attributes),
                       [&](const std::string& name) { return !user.attributes.contains(name); });
  challenge.user = std::move(user);
  co_return Outcome(std::move(challenge));
}

async::Task<Result<UserTokens>> SignInService::answer(NewPasswordAnswer request) {
  CO_TRY(const auto caller, check_caller(request.client, Flow::user_password));
  const auto claims = parts_.sessions.unseal(SealedKind::challenge, std::move(request.session));
  if (!claims || claims->client != request.client || claims->challenge != new_password_required) {
    co_return invalid_session();
  }
  const auto account = parts_.users.get_account(claims->pool, claims->user);
  if (!account && account.error().kind != ErrorKind::not_found) co_return fail(account.error());
  if (!account || !account->credential) co_return invalid_session();
  const User& user = account->user;
  const std::vector<std::string> names = {request.username, user.username, user.id.str()};
  CO_TRY_VOID(check_proof(*caller.client, request.proof, names));
  CO_TRY(const auto named, username_key(request.username, caller.pool->usernames_are_case_sensitive));
  CO_TRY(const auto expected, username_key(user.username, caller.pool->usernames_are_case_sensitive));
  if (named != expected && request.username != user.id.str()) co_return invalid_session();
  CO_TRY_VOID(check_may_sign_in(user));
  if (account->credential->version != claims->credential_version ||
      user.status != UserStatus::force_change_password) {
    co_return used_session();
  }
  CO_TRY_VOID(check_answered_attributes(*caller.pool, *caller.client, user.attributes, request.attributes));
  CO_TRY_VOID(check_password(caller.pool->password, request.new_password));
  CO_TRY_VOID(parts_.issuer.ready(caller.pool->id));

  const Actor actor = user_actor(claims->user, request.origin);
  CO_TRY(const WallTime began, parts_.sessions.next_start(claims->pool, claims->user));
  PasswordChange change{.pool = claims->pool,
                        .user = claims->user,
                        .password = std::move(request.new_password),
                        .proven_version = claims->credential_version,
                        .attributes = std::move(request.attributes),
                        .turn = {.address = request.origin.address, .user = claims->user.str()},
                        .session_began = {}};
  const auto changed = co_await parts_.users.change_password(std::move(change), actor);
  if (!changed && changed.error().code == changed_meanwhile().code) co_return used_session();
  if (!changed) co_return fail(changed.error());
  co_return co_await start_session(caller.pool, caller.client, claims->user, claims->credential_version + 1,
                                   began, actor.request_id);
}

async::Task<Result<UserTokens>> SignInService::refresh(RefreshRequest request) {
  CO_TRY(const auto caller, check_caller(request.client, Flow::refresh_token));
  std::vector<std::string> names;
  if (caller.client->is_confidential()) {
    const auto claims = parts_.sessions.unseal(SealedKind::refresh_token, request.refresh_token);
    if (!claims) co_return refused("invalid_token", "Invalid Refresh Token");
    names.push_back(claims->user.str());
    // The hash is made with the name that the user signed in with, which may be either.
    if (const auto user = parts_.users.get(claims->pool, claims->user)) names.push_back(user->username);
  }
  CO_TRY_VOID(check_proof(*caller.client, request.proof, names));
  co_return co_await refresh_for(*caller.client, std::move(request.refresh_token), std::move(request.origin));
}

async::Task<Result<UserTokens>> SignInService::refresh_for(Client client, std::string refresh_token,
                                                           Origin origin, std::optional<std::string> scope) {
  if (!allows(client, Flow::refresh_token)) {
    co_return fail(ErrorKind::forbidden, "flow_not_enabled",
                   "REFRESH_TOKEN_AUTH flow not enabled for this client");
  }
  const auto claims = parts_.sessions.unseal(SealedKind::refresh_token, std::move(refresh_token));
  if (!claims || claims->client != client.id || claims->pool != client.pool) {
    co_return refused("invalid_token", "Invalid Refresh Token");
  }
  CO_TRY(const auto pool, parts_.pools.get(client.pool));
  auto account = parts_.users.get_account(claims->pool, claims->user);
  if (!account && account.error().kind != ErrorKind::not_found) co_return fail(account.error());
  if (!account) co_return refused("invalid_token", "Invalid Refresh Token");
  if (!account->user.enabled) co_return refused("user_disabled", "User is disabled.");
  if (account->credential &&
      !credential_still_counts(*account->credential, claims->credential_version, claims->started_at)) {
    co_return refused("token_revoked", "Refresh Token has been revoked");
  }
  auto allowed = scopes_left(claims->scopes, client);
  CO_TRY(auto scopes, scope ? grant_scopes(allowed, *scope) : Result<std::vector<std::string>>(allowed));
  CO_TRY_VOID(parts_.issuer.ready(pool->id));
  auto session = co_await parts_.sessions.refresh(*claims, client, origin.request_id);
  if (!session && session.error().code == "token_revoked") {
    co_return refused("token_revoked", "Refresh Token has been revoked");
  }
  if (!session && session.error().code == "invalid_token") {
    co_return fail(ErrorKind::unauthenticated, "invalid_token", "Invalid Refresh Token",
                   session.error().detail);
  }
  if (!session) co_return fail(std::move(session).error());
  session->claims.scopes = std::move(scopes);
  CO_TRY(auto tokens, tokens_of(*pool, client, account->user, *std::move(session)));
  refreshes.add();
  co_return tokens;
}

async::Task<Result<region::CommitReceipt>> SignInService::change_password(VerifiedUser user,
                                                                          std::string old_password,
                                                                          std::string new_password,
                                                                          Origin origin) {
  CO_TRY(const auto pool, parts_.pools.get(user.pool));
  if (!base_.writer.may_write()) co_return fail(base_.writer.state().refusal());
  CO_TRY_VOID(check_password(pool->password, new_password));
  CO_TRY(const auto proven, co_await check_password_of(pool, user.username, std::move(old_password), origin));
  const Account& account = proven.account;
  if (account.user.id != user.user) co_return wrong_user_or_password();
  CO_TRY_VOID(check_may_sign_in(account.user));
  PasswordChange change{.pool = user.pool,
                        .user = user.user,
                        .password = std::move(new_password),
                        .proven_version = account.credential->version,
                        .attributes = {},
                        .turn = {.address = origin.address, .user = user.user.str()},
                        .session_began = begin_of(user.origin_jti)};
  auto written = co_await parts_.users.change_password(std::move(change), user_actor(user.user, origin));
  // Another change came first: what was proven is the old password no more.
  if (!written && written.error().code == changed_meanwhile().code) co_return wrong_user_or_password();
  if (!written) co_return fail(std::move(written).error());
  co_return written->receipt;
}

async::Task<Result<std::optional<region::CommitReceipt>>> SignInService::sign_out(VerifiedUser user,
                                                                                  Origin origin) {
  const Actor actor = user_actor(user.user, origin);
  co_return co_await parts_.sessions.sign_out(std::move(user.pool), std::move(user.user), actor,
                                              std::move(user.origin_jti));
}

async::Task<Result<std::optional<region::CommitReceipt>>> SignInService::revoke(RefreshRequest request) {
  CO_TRY(const auto client, get_enabled(parts_.clients, request.client));
  const bool proven = client->is_confidential()
                          ? request.proof.secret && check_client_secret(*client, *request.proof.secret)
                          : !request.proof.secret;
  if (!proven)
    co_return refused("secret_hash_wrong", "Unable to verify the secret of client " + request.client.str());
  co_return co_await revoke_for(*client, std::move(request.refresh_token), std::move(request.origin));
}

async::Task<Result<std::optional<region::CommitReceipt>>> SignInService::revoke_for(Client client,
                                                                                    std::string refresh_token,
                                                                                    Origin origin) {
  // Sealed tokens have no dots; a compact JWS, an access or ID token, has two.
  if (std::ranges::count(refresh_token, '.') == 2)
    co_return fail(ErrorKind::invalid, "unsupported_token_type", "only refresh tokens can be revoked");
  const auto claims = parts_.sessions.unseal(SealedKind::refresh_token, std::move(refresh_token));
  if (!claims || claims->client != client.id || claims->pool != client.pool) {
    co_return std::optional<region::CommitReceipt>();
  }
  co_return co_await parts_.sessions.revoke(
      *claims, {.kind = "client", .id = client.id.str(), .request_id = origin.request_id});
}

}  // namespace holdfast::identity
