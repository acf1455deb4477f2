#include "readiness.h"

#include "holdfast/base/log.h"
#include "holdfast/crypto/jws.h"
#include "holdfast/region/cluster_record.h"

namespace holdfast::app {
namespace {

Result<> check_store(Foundation& base) {
  TRY_VOID(region::get_cluster_record(base.stores.core->reader()));
  TRY_VOID(base.stores.local->node());
  if (base.state.may_write() && !base.committer.open())
    return fail(ErrorKind::unavailable, "storage_failed", "the store is closed for writing");
  return {};
}

Result<> check_unsealing(Foundation& base, identity::Identity& identity) {
  identity::SealedClaims claims;
  claims.branch = claims.region = base.stores.node.region;
  claims.expires_at = base.clock.now() + std::chrono::minutes(1);
  claims.challenge = "readiness";
  TRY(const auto token, identity.sessions.seal(identity::SealedKind::challenge, claims));
  TRY_VOID(identity.sessions.unseal(identity::SealedKind::challenge, token));
  return {};
}

/// With the first pool's key: there may be many, and they share everything but the key itself.
Result<> check_signing(identity::Identity& identity) {
  TRY(const auto pools, identity.pools.list({.limit = 1, .next = {}}));
  if (pools.items.empty()) return {};
  const auto signer = identity.keys.signer(pools.items.front().id);
  if (!signer && signer.error().code == "signing_key_pending") return {};
  if (!signer) return fail(signer.error());
  TRY(const auto token, crypto::sign_compact((*signer)->key, (*signer)->header_json, "{}"));
  TRY_VOID(crypto::verify_compact(token, (*signer)->key.public_key()));
  return {};
}

}  // namespace

void Readiness::look() {
  Result<> found;
  for (const Check& check : checks_) {
    const auto done = check.run();
    if (done) continue;
    found = fail(ErrorKind::unavailable, check.code, done.error().message, done.error().detail);
    break;
  }
  const std::scoped_lock lock(mutex_);
  const bool is_news = !found && (last_ || last_.error().code != found.error().code);
  if (is_news) log::warn("this region is not ready", {{"why", found.error().describe()}});
  last_ = std::move(found);
}

Result<> Readiness::answer() const {
  const std::scoped_lock lock(mutex_);
  return last_;
}

std::vector<Readiness::Check> readiness_checks(Foundation& base, identity::Identity& identity) {
  const auto synced = [&base]() -> Result<> {
    if (base.state.view().ever_synced) return {};
    return fail(ErrorKind::unavailable, "not_synced", "this region has not been fully synced yet");
  };
  return {{.code = "not_synced", .run = synced},
          {.code = "store_not_working", .run = [&base] { return check_store(base); }},
          {.code = "unsealing_not_working",
           .run = [&base, &identity] { return check_unsealing(base, identity); }},
          {.code = "signing_not_working", .run = [&identity] { return check_signing(identity); }}};
}

}  // namespace holdfast::app
