#include "holdfast/identity/session_service.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"
#include "holdfast/crypto/aead.h"
#include "holdfast/identity/pool_rules.h"
#include "holdfast/identity/sealed_token.h"
#include "holdfast/identity/session_rules.h"
#include "holdfast/identity/user_rules.h"
#include "holdfast/storage/step.h"
#include "origin_jti.h"
#include "records.h"
#include "session_state.h"
#include "session_store.h"
#include "store_support.h"
#include "tables.h"
#include "user_store.h"

namespace holdfast::identity {
namespace {

metrics::Metric reused_tokens{metrics::Kind::counter, "holdfast_refresh_token_reuse_total",
                              "Refresh tokens presented again after their grace; each revoked its family."};

constexpr int write_attempts = 4;

std::unexpected<Error> bad_session(std::string detail) {
  return fail(ErrorKind::unauthenticated, "invalid_token", "the token is not valid", std::move(detail));
}

std::unexpected<Error> revoked() {
  return fail(ErrorKind::unauthenticated, "token_revoked", "the token is revoked");
}

std::unexpected<Error> too_busy() {
  return fail(ErrorKind::overloaded, "overloaded", "too many changes of one session at the same time");
}

// Whether a region that cannot write should go on without: sign-ins outlive a full disk and a lost primary.
bool may_go_on_without(const Error& error) {
  return error.kind == ErrorKind::read_only || error.kind == ErrorKind::storage_full ||
         error.kind == ErrorKind::unavailable || error.kind == ErrorKind::outcome_unknown;
}

void merge_branches(Session& into, const Session& from) {
  for (const Branch& branch : from.branches) {
    const auto found = std::ranges::find(into.branches, branch.region, &Branch::region);
    if (found == into.branches.end()) {
      into.branches.push_back(branch);
    } else if (branch.oldest_unused > found->oldest_unused) {
      *found = branch;
    }
  }
}

}  // namespace

/// What this region knows of a session: the replicated row and its own.
struct SessionService::Known {
  std::optional<Session> session;
  std::optional<storage::RowTag> tag;  ///< of the replicated row
  std::optional<Bytes> local;          ///< this region's own row as it is stored
};

SessionService::SessionService(Foundation base)
    : base_(std::move(base)), state_(std::make_unique<State>(base_.core)) {}
SessionService::~SessionService() = default;

Result<std::unique_ptr<SessionService>> SessionService::open(Foundation base) {
  std::unique_ptr<SessionService> service(new SessionService(std::move(base)));
  TRY_VOID(service->load());
  return service;
}

Result<> SessionService::load() {
  Result<> decoded;
  TRY_VOID(base_.local.scan(local_revocations, {}, {}, 10'000'000, [&](BytesView key, BytesView plain) {
    auto revocation = decode_revocation(plain);
    if (!revocation) {
      decoded = fail(revocation.error());
      return false;
    }
    state_->local_revocations.emplace(Bytes(key), *revocation);
    return true;
  }));
  return decoded;
}

Result<std::string> SessionService::seal(SealedKind kind, const SealedClaims& claims) const {
  const auto& ring = *base_.core.keys();
  TRY(const auto id, ring.key_for(storage::Scope::token()));
  TRY(const auto key, ring.key(id));
  const Bytes nonce = crypto::random_bytes(crypto::aead_nonce_size, base_.entropy);
  return seal_token(ring.cluster(), kind, id, *key, nonce, encode_claims(claims));
}

Result<SealedClaims> SessionService::unseal(SealedKind kind, std::string token) const {
  const auto& ring = *base_.core.keys();
  TRY(const auto id, sealed_token_key(kind, token));
  const auto key = ring.key(id);
  if (!key) return bad_session("sealed token: unknown key");
  TRY(const Bytes plain, open_token(ring.cluster(), kind, **key, token));
  const auto claims = decode_claims(plain);
  if (!claims) return bad_session("sealed token: unreadable");
  if (base_.clock.now() >= claims->expires_at) return bad_session("sealed token: expired");
  return *claims;
}

Result<WallTime> SessionService::next_start(const PoolId& pool, const UserId& user) const {
  const WallTime now = base_.clock.now();
  TRY(const Bytes key, user_revocation_key(pool, user));
  TRY(const auto ended, find_revoked_at(key));
  // origin_jti tells milliseconds.
  if (!ended || std::chrono::floor<std::chrono::milliseconds>(now) > *ended) return now;
  return *ended + std::chrono::milliseconds(1);
}

async::Task<Result<SessionTokens>> SessionService::start(NewSession wanted) {
  const WallTime now = base_.clock.now();
  SessionTokens tokens;
  SealedClaims& claims = tokens.claims;
  claims.pool = wanted.pool;
  claims.client = wanted.client;
  claims.user = wanted.user;
  claims.origin_jti = new_origin_jti(wanted.started_at, base_.entropy);
  claims.branch = claims.region = base_.region;
  claims.credential_version = wanted.credential_version;
  claims.started_at = wanted.started_at;
  claims.issued_at = now;
  claims.expires_at = now + wanted.lifetime;
  claims.scopes = std::move(wanted.scopes);

  if (base_.writer.may_write()) {
    const Session session{.pool = claims.pool,
                          .user = claims.user,
                          .origin_jti = claims.origin_jti,
                          .client = claims.client,
                          .started_at = claims.started_at,
                          .expires_at = claims.expires_at,
                          .branches = {}};
    CO_TRY(const Bytes row, session_key(claims.pool, claims.user, claims.origin_jti));
    CO_TRY(const Bytes sub, uuid_bytes(claims.user.str()));
    const Bytes user_row = user_key(claims.pool, sub);
    storage::Transaction transaction = base_.core.transaction();
    transaction.for_request(wanted.request_id)
        .require_unchanged(users_table, user_row, wanted.user_row, changed_meanwhile())
        .require_unchanged(credentials_table, user_row, wanted.credential_row, changed_meanwhile())
        .put(sessions_table, row, storage::Scope::pool(claims.pool), record_version, encode(session));
    auto receipt = co_await base_.writer.commit(std::move(transaction));
    if (receipt) {
      tokens.receipt = *receipt;
      claims.recorded = true;
      // A region that holds this commit has the row; one that does not must find the token newer than all it
      // holds.
      claims.issued_at = std::max(base_.clock.now(), receipt->head.committed_at);
    } else if (!may_go_on_without(receipt.error())) {
      co_return fail(std::move(receipt).error());
    }
  }
  CO_TRY(tokens.refresh_token, seal(SealedKind::refresh_token, claims));
  co_return tokens;
}

Result<std::optional<WallTime>> SessionService::find_revoked_at(const Bytes& key) const {
  using RevokedAt = std::shared_ptr<const std::optional<WallTime>>;
  TRY(const auto replicated, state_->replicated.get(key, [&]() -> Result<RevokedAt> {
    TRY(const auto row, base_.core.reader().find(revocations_table, key));
    if (!row) return std::make_shared<const std::optional<WallTime>>();
    TRY(const auto revocation, decode_revocation(row->plain));
    return std::make_shared<const std::optional<WallTime>>(revocation.revoked_at);
  }));
  std::optional<WallTime> at = *replicated;
  const std::shared_lock lock(state_->mutex);
  const auto local = state_->local_revocations.find(key);
  if (local != state_->local_revocations.end())
    at = std::max(at.value_or(local->second.revoked_at), local->second.revoked_at);
  return at;
}

Result<> SessionService::check_live(const PoolId& pool, const UserId& user,
                                    const std::string& origin_jti) const {
  const auto family = family_revocation_key(pool, origin_jti);
  const auto whole_user = user_revocation_key(pool, user);
  if (!family || !whole_user) return bad_session("no origin_jti or sub of ours");
  TRY(const auto family_ended, find_revoked_at(*family));
  if (family_ended) return revoked();
  TRY(const auto all_ended, find_revoked_at(*whole_user));
  if (all_ended && begin_of(origin_jti) <= *all_ended) return revoked();
  return {};
}

Result<SessionService::Known> SessionService::find_known(const SealedClaims& claims) const {
  Known known;
  const auto key = session_key(claims.pool, claims.user, claims.origin_jti);
  if (!key) return bad_session("sealed token: ids");
  TRY(const auto row, base_.core.reader().find(sessions_table, *key));
  if (row) {
    TRY(known.session, decode_session(claims.pool, claims.user, claims.origin_jti, row->plain));
    known.tag = row->tag;
  }
  TRY(known.local, base_.local.find(local_sessions, *key));
  if (known.local) {
    TRY(auto own, decode_session(claims.pool, claims.user, claims.origin_jti, *known.local));
    if (known.session) {
      merge_branches(*known.session, own);
    } else {
      known.session = std::move(own);
    }
  }
  return known;
}

async::Task<Result<std::optional<region::CommitReceipt>>> SessionService::keep(Session session, Known known,
                                                                               std::string request_id) {
  CO_TRY(const Bytes row, session_key(session.pool, session.user, session.origin_jti));
  if (base_.writer.may_write()) {
    storage::Transaction transaction = base_.core.transaction();
    if (known.tag) {
      transaction.require_unchanged(sessions_table, row, *known.tag, changed_meanwhile());
    } else {
      transaction.require_absent(sessions_table, row, changed_meanwhile());
    }
    transaction.for_request(std::move(request_id))
        .put(sessions_table, row, storage::Scope::pool(session.pool), record_version, encode(session));
    auto receipt = co_await base_.writer.commit(std::move(transaction));
    if (receipt) co_return std::optional(*receipt);
    if (!may_go_on_without(receipt.error())) co_return fail(std::move(receipt).error());
  }
  // What the committer's preconditions do for the replicated row: of two refreshes at the same time the
  // second must see the first.
  CO_TRY_VOID(co_await async::offload(base_.disk, [&]() -> Result<> {
    const std::scoped_lock lock(state_->local_session_row(row));
    TRY(const auto there, base_.local.find(local_sessions, row));
    if (there != known.local) return fail(changed_meanwhile());
    return base_.local.put(local_sessions, row, encode(session));
  }));
  co_return std::optional<region::CommitReceipt>();
}

async::Task<Result<SessionTokens>> SessionService::refresh(SealedClaims claims, Client client,
                                                           std::string request_id) {
  if (claims.client != client.id || claims.pool != client.pool)
    co_return bad_session("refresh token: another client's");
  CO_TRY_VOID(check_live(claims.pool, claims.user, claims.origin_jti));
  for (int attempt = 0; attempt < write_attempts; ++attempt) {
    // Asked for first: a row that is applied while this region looks for it is not one that should be here.
    const WallTime held_until = base_.core.applied().committed_at;
    storage::reached("refresh.asked");
    CO_TRY(auto known, find_known(claims));
    if (!known.session && !may_honour_unknown(claims, held_until)) {
      co_return bad_session("refresh token: its session should be known here and is not");
    }
    SessionTokens tokens{.claims = claims, .refresh_token = {}, .receipt = {}};
    const WallTime now = base_.clock.now();
    const Session* session = known.session ? &*known.session : nullptr;
    const auto verdict = judge_refresh(session, claims.generation, claims.branch, now, client.rotation_grace);
    if (verdict == RefreshVerdict::reused) {
      reused_tokens.add();
      CO_TRY_VOID(
          co_await revoke(claims, {.kind = "system", .id = "refresh_token_reuse", .request_id = request_id}));
      co_return fail(ErrorKind::unauthenticated, "refresh_token_reuse", "the refresh token was used before");
    }
    // Only now: what was spent stays spent when its client stops rotating.
    if (!client.rotates_refresh_tokens) co_return tokens;
    if (verdict == RefreshVerdict::within_grace) {
      tokens.claims.generation =
          generation_within_grace(*session, claims.generation, claims.branch, base_.region);
    } else {
      Session parent = known.session.value_or(Session{.pool = claims.pool,
                                                      .user = claims.user,
                                                      .origin_jti = claims.origin_jti,
                                                      .client = claims.client,
                                                      .started_at = claims.started_at,
                                                      .expires_at = claims.expires_at,
                                                      .branches = {}});
      auto rotation = rotate(std::move(parent), claims.generation, claims.branch, base_.region, now);
      auto kept = co_await keep(std::move(rotation.session), std::move(known), request_id);
      if (!kept && kept.error().kind == ErrorKind::conflict) continue;
      // Nowhere to remember it: the same token stays good, as for a client that does not rotate.
      if (!kept && kept.error().kind == ErrorKind::storage_full) co_return tokens;
      if (!kept) co_return fail(std::move(kept).error());
      tokens.receipt = *kept;
      tokens.claims.generation = rotation.generation;
    }
    tokens.claims.branch = tokens.claims.region = base_.region;
    tokens.claims.recorded =
        tokens.receipt.has_value() || (claims.recorded && verdict == RefreshVerdict::within_grace);
    // Not before its parent, whose region's clock may be ahead: a region that has not got the session's row
    // yet goes by this time.
    tokens.claims.issued_at =
        std::max({base_.clock.now(), claims.issued_at,
                  tokens.receipt ? tokens.receipt->head.committed_at : claims.issued_at});
    CO_TRY(tokens.refresh_token, seal(SealedKind::refresh_token, tokens.claims));
    co_return tokens;
  }
  co_return too_busy();
}

async::Task<Result<>> SessionService::remember_revocation(Bytes key, Revocation revocation) {
  {
    const std::unique_lock lock(state_->mutex);
    Revocation& known = state_->local_revocations[key];
    known = farther_of(known, revocation);
  }
  co_return co_await async::offload(base_.disk, [&]() -> Result<> {
    const std::scoped_lock row(state_->local_revocation_rows);
    // As it is now: of two at the same time the later write must hold both.
    {
      const std::shared_lock lock(state_->mutex);
      const auto known = state_->local_revocations.find(key);
      if (known != state_->local_revocations.end()) revocation = known->second;
    }
    return base_.local.put(local_revocations, key, encode(revocation));
  });
}

async::Task<Result<std::optional<region::CommitReceipt>>> SessionService::put_revocation(
    PoolId pool, std::function<Result<RevocationRow>()> prepare, storage::AuditEvent event) {
  for (int attempt = 0; attempt < write_attempts; ++attempt) {
    CO_TRY(auto row, co_await async::offload(base_.disk, prepare));
    if (base_.writer.may_write()) {
      storage::Transaction transaction = base_.core.transaction();
      put_revocation_row(transaction, pool, row);
      transaction.audit(event);
      auto receipt = co_await base_.writer.commit(std::move(transaction), region::AckClass::security);
      if (receipt) co_return std::optional(*receipt);
      if (receipt.error().kind == ErrorKind::conflict) continue;
      if (!may_go_on_without(receipt.error()) || receipt.error().kind == ErrorKind::outcome_unknown) {
        co_return fail(std::move(receipt).error());
      }
    }
    // Towards refusal only, so it may be remembered here alone and takes effect here at once.
    CO_TRY_VOID(co_await remember_revocation(std::move(row.key), row.revocation));
    log::info(log::For{event.request_id}, "remembered at this region alone",
              {{"event", event.kind}, {"pool", pool.str()}});
    co_return std::optional<region::CommitReceipt>();
  }
  co_return too_busy();
}

async::Task<Result<std::optional<region::CommitReceipt>>> SessionService::revoke(SealedClaims claims,
                                                                                 Actor actor) {
  CO_TRY(const Bytes key, family_revocation_key(claims.pool, claims.origin_jti));
  auto event = audit_event(base_, actor, "SESSION_REVOKED", "user", claims.user.str(),
                           {{"pool", claims.pool.str()}, {"originJti", claims.origin_jti}});
  // Access tokens may outlive the refresh token that made them.
  const Revocation revocation{.revoked_at = base_.clock.now(),
                              .keep_until = claims.expires_at + longest_access_lifetime};
  const auto prepare = [this, key, revocation] {
    return farther_revocation(base_.core.reader(), key, revocation);
  };
  co_return co_await put_revocation(claims.pool, prepare, std::move(event));
}

async::Task<Result<std::optional<region::CommitReceipt>>> SessionService::sign_out(PoolId pool, UserId user,
                                                                                   Actor actor,
                                                                                   std::string origin_jti) {
  auto event = audit_event(base_, actor, "USER_SIGNED_OUT", "user", user.str(), {{"pool", pool.str()}});
  WallTime at_least = begin_of(origin_jti);
  // An operator means every session that is there, also one of a region whose clock is ahead and that could
  // not write its row. One that begins here afterwards begins behind it (next_start).
  if (actor.kind == "operator") at_least = std::max(at_least, base_.clock.now() + regions_clocks_differ_by);
  const auto prepare = [this, pool, user, at_least] { return user_sign_out(base_, pool, user, at_least); };
  co_return co_await put_revocation(pool, prepare, std::move(event));
}

}  // namespace holdfast::identity
