#include "holdfast/apps/pool_check.h"

namespace holdfast::apps {
namespace {

// Absence is the caller's mistake in the body, not a missing page: 400, not 404.
template <class T>
Result<> named(const Result<T>& found, std::string what) {
  if (found) return {};
  if (found.error().kind != ErrorKind::not_found) return fail(found.error());
  return fail(ErrorKind::invalid, "invalid_app", std::move(what));
}

}  // namespace

std::function<Result<>(const PoolId& pool, const std::vector<ClientId>& clients)> pool_check(
    identity::PoolService& pools, identity::ClientService& clients) {
  return [&pools, &clients](const PoolId& pool, const std::vector<ClientId>& wanted) -> Result<> {
    TRY_VOID(named(pools.get(pool), "pool: no such pool: " + pool.str()));
    for (const auto& client : wanted) {
      TRY_VOID(named(clients.get(pool, client), "clients: the pool has no client " + client.str()));
    }
    return {};
  };
}

}  // namespace holdfast::apps
