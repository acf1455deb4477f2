#include "holdfast/identity/client_service.h"

#include <utility>

#include "holdfast/identity/client_rules.h"
#include "record_cache.h"
#include "records.h"
#include "store_support.h"
#include "tables.h"

namespace holdfast::identity {
namespace {

constexpr std::size_t cached_clients = 10'000;

Bytes client_key(const ClientId& id) { return storage::KeyWriter().text(id.str()).take(); }

Bytes client_order_key(const Client& client) {
  return pool_prefix(client.pool)
      .u64(static_cast<std::uint64_t>(to_micros(client.created_at)))
      .text(client.id.str())
      .take();
}

Result<Loaded<Client>> load_client(const storage::Reader& reader, const ClientId& id) {
  TRY(const auto found, reader.find(clients_table, client_key(id)));
  if (!found) return fail(not_found("no such client"));
  TRY(auto client, decode_client(id, found->plain));
  return Loaded<Client>{.value = std::move(client), .tag = found->tag};
}

Result<Loaded<Client>> load_client_of(const storage::Reader& reader, const PoolId& pool, const ClientId& id) {
  TRY(auto loaded, load_client(reader, id));
  if (loaded.value.pool != pool) return fail(not_found("no such client"));
  return loaded;
}

}  // namespace

struct ClientService::State {
  explicit State(storage::CoreDb& core) : cache(core, clients_table, cached_clients) {}
  RecordCache<Client> cache;
};

ClientService::ClientService(Foundation base)
    : base_(std::move(base)), state_(std::make_unique<State>(base_.core)) {}
ClientService::~ClientService() = default;

async::Task<Result<Written<Client>>> ClientService::create(Client draft, bool confidential, Actor actor) {
  Client client = std::move(draft);
  client.id = new_client_id(base_.entropy);
  client.secret = confidential ? new_client_secret(base_.entropy) : std::string();
  client.created_at = client.modified_at = base_.clock.now();
  CO_TRY_VOID(check_client(client));
  // Before sealing: a pool that does not exist has no key to seal with.
  CO_TRY(const auto pool, base_.core.reader().find(pools_table, pool_key(client.pool)));
  if (!pool) co_return fail(not_found("no such pool"));

  const storage::Scope scope = storage::Scope::pool(client.pool);
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_present(pools_table, pool_key(client.pool), not_found("no such pool"))
      .require_absent(clients_table, client_key(client.id),
                      already_exists("the client's id is taken: try again"))
      .put(clients_table, client_key(client.id), scope, record_version, encode(client))
      .put(client_order_table, client_order_key(client), scope, record_version, empty_record)
      .audit(audit_event(base_, actor, "CLIENT_CREATED", "client", client.id.str(),
                         {{"pool", client.pool.str()}, {"name", client.name}}));
  CO_TRY_VOID(board(actor.rider, transaction, client));
  CO_TRY(auto receipt, co_await base_.writer.commit(std::move(transaction)));
  co_return Written<Client>{.value = std::move(client), .receipt = receipt};
}

async::Task<Result<Written<Client>>> ClientService::replace(Client changed, storage::RowTag tag,
                                                            std::string event, Actor actor) {
  CO_TRY_VOID(check_client(changed));
  changed.modified_at = base_.clock.now();
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_unchanged(clients_table, client_key(changed.id), tag, changed_meanwhile())
      .put(clients_table, client_key(changed.id), storage::Scope::pool(changed.pool), record_version,
           encode(changed))
      .audit(audit_event(base_, actor, std::move(event), "client", changed.id.str(),
                         {{"pool", changed.pool.str()}}));
  CO_TRY(auto receipt, co_await base_.writer.commit(std::move(transaction), region::AckClass::security));
  co_return Written<Client>{.value = std::move(changed), .receipt = receipt};
}

async::Task<Result<Written<Client>>> ClientService::update(Client changed, Actor actor) {
  CO_TRY(auto before, load_client_of(base_.core.reader(), changed.pool, changed.id));
  changed.secret = before.value.secret;
  changed.created_at = before.value.created_at;
  co_return co_await replace(std::move(changed), before.tag, "CLIENT_UPDATED", std::move(actor));
}

async::Task<Result<Written<Client>>> ClientService::renew_secret(PoolId pool, ClientId id, Actor actor) {
  CO_TRY(auto before, load_client_of(base_.core.reader(), pool, id));
  if (!before.value.is_confidential()) {
    co_return fail(ErrorKind::invalid, "invalid_client_settings", "a public client has no secret");
  }
  before.value.secret = new_client_secret(base_.entropy);
  co_return co_await replace(std::move(before.value), before.tag, "CLIENT_SECRET_RENEWED", std::move(actor));
}

async::Task<Result<region::CommitReceipt>> ClientService::remove(PoolId pool, ClientId id, Actor actor) {
  CO_TRY(const auto before, load_client_of(base_.core.reader(), pool, id));
  storage::Transaction transaction = base_.core.transaction();
  transaction.require_unchanged(clients_table, client_key(id), before.tag, changed_meanwhile())
      .erase(clients_table, client_key(id))
      .erase(client_order_table, client_order_key(before.value))
      .audit(audit_event(base_, actor, "CLIENT_DELETED", "client", id.str(), {{"pool", pool.str()}}));
  co_return co_await base_.writer.commit(std::move(transaction), region::AckClass::security);
}

Result<std::shared_ptr<const Client>> ClientService::get(const ClientId& id) {
  // Whatever a request names is not worth a read unless it could be an id.
  if (!is_client_id(id.str())) return fail(not_found("no such client"));
  return state_->cache.get(client_key(id), [&]() -> Result<std::shared_ptr<const Client>> {
    TRY(auto loaded, load_client(base_.core.reader(), id));
    return std::make_shared<const Client>(std::move(loaded.value));
  });
}

Result<std::shared_ptr<const Client>> ClientService::get(const PoolId& pool, const ClientId& id) {
  TRY(auto client, get(id));
  if (client->pool != pool) return fail(not_found("no such client"));
  return client;
}

Result<Page<Client>> ClientService::list(const PoolId& pool, const PageQuery& query) const {
  const storage::Reader reader = base_.core.reader();
  return read_page<Client>(reader, client_order_table, pool_key(pool), query, query.limit,
                           [&](BytesView key, const storage::Stored&) -> Result<std::optional<Client>> {
                             storage::KeyReader parts(key);
                             parts.text();
                             parts.u64();
                             auto loaded = load_client(reader, ClientId(parts.text()));
                             if (!loaded && loaded.error().kind == ErrorKind::not_found)
                               return std::optional<Client>();
                             if (!loaded) return fail(loaded.error());
                             return std::optional<Client>(std::move(loaded->value));
                           });
}

}  // namespace holdfast::identity
