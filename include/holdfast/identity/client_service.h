#pragma once

#include <memory>

#include "holdfast/async/task.h"
#include "holdfast/identity/actor.h"
#include "holdfast/identity/client_model.h"
#include "holdfast/identity/foundation.h"
#include "holdfast/identity/page.h"

namespace holdfast::identity {

/// App clients, read from a cache. Secrets are in the record (sealed with the pool's key) and in what
/// `create` and `renew_secret` give back, nowhere else; `get` is for authenticating, its secret must not
/// leave the process. Thread-safe; lives as long as the process.
class ClientService {
 public:
  explicit ClientService(Foundation base);
  ~ClientService();

  /// `draft` without id, secret and times. Refusals: `not_found` (pool), `invalid_client_settings`.
  async::Task<Result<Written<Client>>> create(Client draft, bool confidential, Actor actor);
  /// Replaces the settings; id, pool, secret and times are kept.
  async::Task<Result<Written<Client>>> update(Client changed, Actor actor);
  /// A new secret; the old one is void at once. `invalid_client_settings` for a public client.
  async::Task<Result<Written<Client>>> renew_secret(PoolId pool, ClientId id, Actor actor);
  async::Task<Result<region::CommitReceipt>> remove(PoolId pool, ClientId id, Actor actor);

  /// `not_found` when there is none.
  [[nodiscard]] Result<std::shared_ptr<const Client>> get(const ClientId& id);
  /// The same, and it must be one of this pool's.
  [[nodiscard]] Result<std::shared_ptr<const Client>> get(const PoolId& pool, const ClientId& id);
  /// In creation order.
  [[nodiscard]] Result<Page<Client>> list(const PoolId& pool, const PageQuery& query) const;

 private:
  struct State;
  async::Task<Result<Written<Client>>> replace(Client changed, storage::RowTag tag, std::string event,
                                               Actor actor);

  Foundation base_;
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::identity
