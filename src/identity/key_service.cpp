#include "holdfast/identity/key_service.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "holdfast/base/log.h"
#include "holdfast/crypto/jwk.h"
#include "holdfast/crypto/jws.h"
#include "holdfast/identity/pool_rules.h"
#include "record_cache.h"
#include "records.h"
#include "store_support.h"
#include "tables.h"

namespace holdfast::identity {
namespace {

constexpr std::size_t cached_key_sets = 1000;
constexpr auto maintenance_pause = std::chrono::seconds(5);

Bytes signing_key_key(const PoolId& pool, std::string_view kid) { return pool_prefix(pool).text(kid).take(); }

SigningKeyRecord new_record(const NewSigningKey& key, SigningKeyState state, WallTime now) {
  SigningKeyRecord record;
  record.state = state;
  record.algorithm = key.key.algorithm();
  record.private_der = key.key.private_der();
  record.public_jwk = crypto::to_jwk(key.key.public_key(), key.kid);
  record.created_at = now;
  if (state == SigningKeyState::active) record.activated_at = now;
  return record;
}

void put_key(storage::Transaction& transaction, const PoolId& pool, std::string_view kid,
             const SigningKeyRecord& record) {
  Bytes plain = encode(record);
  transaction.put(signing_keys_table, signing_key_key(pool, kid), storage::Scope::pool(pool), record_version,
                  plain);
  wipe(plain);
}

/// The newest of the keys in one state; empty when there is none.
template <class Entry>
std::shared_ptr<const Signer> signer_of(const std::vector<Entry>& entries, SigningKeyState state,
                                        WallTime SigningKeyRecord::* since) {
  const Entry* newest = nullptr;
  for (const Entry& entry : entries) {
    if (entry.record.state != state) continue;
    if (newest == nullptr || entry.record.*since > newest->record.*since) newest = &entry;
  }
  if (newest == nullptr) return nullptr;
  return std::make_shared<const Signer>(
      Signer{.kid = newest->kid,
             .header_json = crypto::jws_header(newest->key.algorithm(), newest->kid),
             .key = newest->key});
}

/// Two that look after keys at once (a pool's creation and the service's own loop) find the same work: who
/// comes second has nothing left to do, and what else has changed is looked at in the next round.
Result<> unless_raced(Result<> done) {
  if (!done && done.error().code == changed_meanwhile().code) return {};
  return done;
}

std::string_view state_name(SigningKeyState state) {
  switch (state) {
    case SigningKeyState::pending:
      return "pending";
    case SigningKeyState::active:
      return "active";
    case SigningKeyState::retiring:
      return "retiring";
  }
  return "pending";
}

}  // namespace

struct KeyService::Entry {
  std::string kid;
  SigningKeyRecord record;
  crypto::SigningKey key;
  storage::RowTag tag;
};

/// All keys of one pool, ready to use. Immutable.
struct KeyService::KeySet {
  std::vector<Entry> entries;
  std::shared_ptr<const Signer> signer;
  std::shared_ptr<const Signer> pending_signer;  ///< where no key is active
  std::shared_ptr<const std::string> jwks;
};

/// What there is to do, and the position at which it was seen.
struct KeyService::Work {
  std::vector<std::pair<PoolId, std::string>> pending;
  std::vector<PoolId> retired;
  storage::Position read_at;
};

struct KeyService::State {
  State(storage::CoreDb& core, const storage::Table& table)
      : cache(core, table, cached_key_sets,
              [](BytesView key) { return pool_key(PoolId(storage::KeyReader(key).text())); }),
        row(core.observe(table, [this](BytesView, bool) { changed.notify(); })) {}

  RecordCache<KeySet> cache;
  async::Signal changed;
  storage::Subscription row;
};

KeyService::KeyService(Foundation base)
    : base_(std::move(base)), state_(std::make_unique<State>(base_.core, signing_keys_table)) {}
KeyService::~KeyService() = default;

async::Task<Result<NewSigningKey>> KeyService::generate(SigningAlgorithm algorithm) {
  co_return co_await base_.hashing.run([algorithm]() -> Result<NewSigningKey> {
    TRY(auto key, crypto::SigningKey::generate(algorithm));
    std::string kid = crypto::jwk_thumbprint(key.public_key());
    return NewSigningKey{.kid = std::move(kid), .key = std::move(key)};
  });
}

void KeyService::add_first(storage::Transaction& transaction, const PoolId& pool, const NewSigningKey& key) {
  // Alone there is nobody to wait for; a member that joins later gets the key with its first snapshot.
  const bool alone = base_.peers.all().empty();
  const auto state = alone ? SigningKeyState::active : SigningKeyState::pending;
  put_key(transaction, pool, key.kid, new_record(key, state, base_.clock.now()));
}

Result<KeyService::KeySet> KeyService::load(const PoolId& pool) const {
  KeySet set;
  std::string list;
  Result<> read;
  TRY_VOID(base_.core.reader().scan(
      signing_keys_table, pool_key(pool), {}, 1000, [&](BytesView key, storage::Stored stored) {
        storage::KeyReader parts(key);
        parts.text();
        auto record = decode_signing_key(stored.plain);
        wipe(stored.plain);
        if (!record) return void(read = fail(record.error()));
        auto signing = crypto::SigningKey::from_private_der(record->algorithm, record->private_der);
        if (!signing) return void(read = fail(signing.error()));
        list += (list.empty() ? "" : ",") + record->public_jwk;
        set.entries.push_back({.kid = parts.text(),
                               .record = *std::move(record),
                               .key = *std::move(signing),
                               .tag = stored.tag});
      }));
  TRY_VOID(std::move(read));
  set.signer = signer_of(set.entries, SigningKeyState::active, &SigningKeyRecord::activated_at);
  if (!set.signer) {
    set.pending_signer = signer_of(set.entries, SigningKeyState::pending, &SigningKeyRecord::created_at);
  }
  set.jwks = std::make_shared<const std::string>("{\"keys\":[" + list + "]}");
  return set;
}

Result<std::shared_ptr<const KeyService::KeySet>> KeyService::keys_of(const PoolId& pool) {
  return state_->cache.get(pool_key(pool), [&]() -> Result<std::shared_ptr<const KeySet>> {
    TRY(auto set, load(pool));
    if (set.entries.empty()) return fail(not_found("no such pool"));
    return std::make_shared<const KeySet>(std::move(set));
  });
}

Result<std::shared_ptr<const Signer>> KeyService::signer(const PoolId& pool) {
  TRY(const auto set, keys_of(pool));
  if (set->signer) return set->signer;
  // A pool's first key becomes active by a second commit, which a lost primary may not have shipped. What a
  // secondary holds its primary holds too.
  if (set->pending_signer && base_.writer.state().role() == region::Role::secondary)
    return set->pending_signer;
  return fail(ErrorKind::unavailable, "signing_key_pending",
              "the pool's signing key is not on every region yet: try again soon");
}

Result<crypto::VerifyingKey> KeyService::verifying_key(const PoolId& pool, std::string_view kid) {
  const auto set = keys_of(pool);
  if (set) {
    const auto found = std::ranges::find((*set)->entries, kid, &Entry::kid);
    if (found != (*set)->entries.end()) {
      const SigningKeyRecord& record = found->record;
      // A pending one too: the primary signs with it before its activation has come here.
      const bool over = record.state == SigningKeyState::retiring && base_.clock.now() >= record.retired_at;
      if (!over) return found->key.public_key();
    }
  } else if (set.error().kind != ErrorKind::not_found) {
    return fail(set.error());
  }
  return fail(ErrorKind::unauthenticated, "invalid_token", "the token is not valid",
              "signed by an unknown key");
}

Result<std::shared_ptr<const std::string>> KeyService::jwks(const PoolId& pool) {
  TRY(const auto set, keys_of(pool));
  return set->jwks;
}

Result<std::vector<SigningKeyInfo>> KeyService::list(const PoolId& pool) {
  TRY(const auto set, keys_of(pool));
  std::vector<SigningKeyInfo> infos;
  for (const Entry& entry : set->entries) {
    infos.push_back({.kid = entry.kid,
                     .algorithm = entry.record.algorithm,
                     .state = std::string(state_name(entry.record.state)),
                     .created_at = entry.record.created_at,
                     .activated_at = entry.record.activated_at});
  }
  return infos;
}

async::Task<Result<Written<std::string>>> KeyService::rotate(Pool pool, bool emergency, Actor actor) {
  CO_TRY(const auto before, load(pool.id));
  CO_TRY(const auto key, co_await generate(pool.algorithm));
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_present(pools_table, pool_key(pool.id), not_found("no such pool"));
  const bool at_once = emergency || base_.peers.all().empty();
  const WallTime now = base_.clock.now();
  for (const Entry& entry : before.entries) {
    const Bytes row = signing_key_key(pool.id, entry.kid);
    transaction.require_unchanged(signing_keys_table, row, entry.tag, changed_meanwhile());
    if (emergency) {
      transaction.erase(signing_keys_table, row);
    } else if (at_once && entry.record.state == SigningKeyState::active) {
      CO_TRY(auto retiring, decode_signing_key(encode(entry.record)));
      retiring.state = SigningKeyState::retiring;
      retiring.retired_at = now + longest_access_lifetime;
      put_key(transaction, pool.id, entry.kid, retiring);
    }
  }
  put_key(transaction, pool.id, key.kid,
          new_record(key, at_once ? SigningKeyState::active : SigningKeyState::pending, now));
  transaction.audit(audit_event(base_, actor, emergency ? "KEYS_ROTATED_EMERGENCY" : "KEYS_ROTATED", "pool",
                                pool.id.str(), {{"kid", key.kid}}));
  CO_TRY(auto receipt, co_await base_.writer.commit(std::move(transaction), region::AckClass::security));
  co_return Written<std::string>{.value = key.kid, .receipt = receipt};
}

async::Task<Result<>> KeyService::activate(PoolId pool, std::string kid) {
  CO_TRY(const auto set, load(pool));
  const WallTime now = base_.clock.now();
  storage::Transaction transaction = base_.core.transaction();
  for (const Entry& entry : set.entries) {
    const bool is_new = entry.kid == kid;
    if (is_new && entry.record.state != SigningKeyState::pending) co_return Result<>();
    if (!is_new && entry.record.state != SigningKeyState::active) continue;
    transaction.require_unchanged(signing_keys_table, signing_key_key(pool, entry.kid), entry.tag,
                                  changed_meanwhile());
    CO_TRY(auto record, decode_signing_key(encode(entry.record)));
    record.state = is_new ? SigningKeyState::active : SigningKeyState::retiring;
    (is_new ? record.activated_at : record.retired_at) = is_new ? now : now + longest_access_lifetime;
    put_key(transaction, pool, entry.kid, record);
  }
  transaction.audit(
      audit_event(base_, Actor::system(), "SIGNING_KEY_ACTIVATED", "pool", pool.str(), {{"kid", kid}}));
  CO_TRY_VOID(co_await base_.writer.commit(std::move(transaction)));
  co_return Result<>();
}

async::Task<Result<>> KeyService::erase_retired(PoolId pool) {
  CO_TRY(const auto set, load(pool));
  storage::Transaction transaction = base_.core.transaction();
  for (const Entry& entry : set.entries) {
    if (entry.record.state != SigningKeyState::retiring || base_.clock.now() < entry.record.retired_at)
      continue;
    const Bytes row = signing_key_key(pool, entry.kid);
    transaction.require_unchanged(signing_keys_table, row, entry.tag, changed_meanwhile());
    transaction.erase(signing_keys_table, row);
  }
  if (!transaction.empty()) CO_TRY_VOID(co_await base_.writer.commit(std::move(transaction)));
  co_return Result<>();
}

Result<KeyService::Work> KeyService::find_work() const {
  Work work;
  const WallTime now = base_.clock.now();
  const storage::Reader moment = base_.core.snapshot();
  TRY_VOID(moment.scan(signing_keys_table, {}, {}, 100'000, [&](BytesView key, storage::Stored stored) {
    storage::KeyReader parts(key);
    PoolId pool(parts.text());
    const auto record = decode_signing_key(stored.plain);
    wipe(stored.plain);
    if (!record) return;
    if (record->state == SigningKeyState::pending) work.pending.emplace_back(pool, parts.text());
    if (record->state == SigningKeyState::retiring && now >= record->retired_at) work.retired.push_back(pool);
  }));
  // Not what is published as durable: that may be a batch behind what can be read already.
  TRY(const storage::Head head, moment.head());
  work.read_at = storage::position_of(head);
  return work;
}

async::Task<Result<>> KeyService::maintain(std::chrono::milliseconds limit) {
  if (!base_.writer.may_write()) co_return Result<>();
  CO_TRY(const auto work, find_work());
  for (const PoolId& pool : work.retired) CO_TRY_VOID(unless_raced(co_await erase_retired(pool)));
  if (work.pending.empty()) co_return Result<>();
  CO_TRY_VOID(co_await base_.peers.wait_durable_everywhere(work.read_at, limit));
  for (const auto& [pool, kid] : work.pending) CO_TRY_VOID(unless_raced(co_await activate(pool, kid)));
  co_return Result<>();
}

async::Task<> KeyService::run() {
  for (;;) {
    const auto done = co_await maintain(std::chrono::seconds(30));
    if (!done && done.error().kind != ErrorKind::unavailable)
      log::error(log::own_work, "signing keys", done.error());
    const auto notified = co_await state_->changed.wait(async::after(maintenance_pause));
    if (!notified && notified.error().code == "cancelled") co_return;
  }
}

}  // namespace holdfast::identity
