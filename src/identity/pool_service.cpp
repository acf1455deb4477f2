#include "holdfast/identity/pool_service.h"

#include <utility>

#include "holdfast/base/log.h"
#include "holdfast/identity/key_service.h"
#include "holdfast/identity/pool_rules.h"
#include "record_cache.h"
#include "records.h"
#include "store_support.h"
#include "tables.h"

namespace holdfast::identity {
namespace {

constexpr std::size_t cached_pools = 10'000;
// How long the creation of a pool waits for its key to reach the other members; KeyService goes on trying.
constexpr auto first_key_wait = std::chrono::seconds(2);

Result<Loaded<Pool>> load_pool(const storage::Reader& reader, const PoolId& id) {
  TRY(const auto found, reader.find(pools_table, pool_key(id)));
  if (!found) return fail(not_found("no such pool"));
  TRY(auto pool, decode_pool(id, found->plain));
  return Loaded<Pool>{.value = std::move(pool), .tag = found->tag};
}

}  // namespace

struct PoolService::State {
  explicit State(storage::CoreDb& core) : cache(core, pools_table, cached_pools) {}
  RecordCache<Pool> cache;
};

PoolService::PoolService(Foundation base, KeyService& keys)
    : base_(std::move(base)), keys_(&keys), state_(std::make_unique<State>(base_.core)) {}
PoolService::~PoolService() = default;

async::Task<Result<Written<Pool>>> PoolService::create(Pool draft, Actor actor) {
  CO_TRY_VOID(check_pool(draft));
  if (!base_.writer.may_write()) co_return fail(base_.writer.state().refusal());
  CO_TRY(const auto key, co_await keys_->generate(draft.algorithm));
  Pool pool = std::move(draft);
  pool.id = new_pool_id(base_.region, base_.entropy);
  pool.created_at = pool.modified_at = base_.clock.now();

  storage::Transaction transaction = base_.core.transaction();
  const storage::Scope scope = storage::Scope::pool(pool.id);
  base_.core.keys()->create_key(transaction, scope, pool.created_at);
  transaction
      .require_absent(pools_table, pool_key(pool.id), already_exists("the pool's id is taken: try again"))
      .put(pools_table, pool_key(pool.id), scope, record_version, encode(pool));
  keys_->add_first(transaction, pool.id, key);
  transaction.audit(audit_event(base_, actor, "POOL_CREATED", "pool", pool.id.str(), {{"name", pool.name}}));
  CO_TRY_VOID(board(actor.rider, transaction, pool));
  CO_TRY(auto receipt, co_await base_.writer.commit(std::move(transaction)));

  const auto activated = co_await keys_->maintain(first_key_wait);
  if (!activated)
    log::warn(log::For{actor.request_id}, "a new pool's signing key waits for a member",
              {{"pool", pool.id.str()}});
  co_return Written<Pool>{.value = std::move(pool), .receipt = receipt};
}

async::Task<Result<Written<Pool>>> PoolService::update(Pool changed, Actor actor) {
  CO_TRY(const auto before, load_pool(base_.core.reader(), changed.id));
  CO_TRY_VOID(check_pool_change(before.value, changed));
  changed.created_at = before.value.created_at;
  changed.modified_at = base_.clock.now();
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_unchanged(pools_table, pool_key(changed.id), before.tag, changed_meanwhile())
      .put(pools_table, pool_key(changed.id), storage::Scope::pool(changed.id), record_version,
           encode(changed))
      .audit(audit_event(base_, actor, "POOL_UPDATED", "pool", changed.id.str()));
  CO_TRY(auto receipt, co_await base_.writer.commit(std::move(transaction)));
  co_return Written<Pool>{.value = std::move(changed), .receipt = receipt};
}

Result<std::shared_ptr<const Pool>> PoolService::get(const PoolId& id) {
  return state_->cache.get(pool_key(id), [&]() -> Result<std::shared_ptr<const Pool>> {
    TRY(auto loaded, load_pool(base_.core.reader(), id));
    return std::make_shared<const Pool>(std::move(loaded.value));
  });
}

Result<Page<Pool>> PoolService::list(const PageQuery& query) const {
  return read_page<Pool>(base_.core.reader(), pools_table, {}, query, query.limit,
                         [](BytesView key, const storage::Stored& stored) -> Result<std::optional<Pool>> {
                           TRY(auto pool, decode_pool(PoolId(storage::KeyReader(key).text()), stored.plain));
                           return std::optional<Pool>(std::move(pool));
                         });
}

}  // namespace holdfast::identity
