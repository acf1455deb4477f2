#pragma once

#include <functional>
#include <vector>

#include "holdfast/identity/client_service.h"
#include "holdfast/identity/pool_service.h"

namespace holdfast::apps {

/// AppService's question to the identity room: the pool exists and has all these clients. `invalid_app` names
/// what is missing. Both services outlive the answer.
std::function<Result<>(const PoolId& pool, const std::vector<ClientId>& clients)> pool_check(
    identity::PoolService& pools, identity::ClientService& clients);

}  // namespace holdfast::apps
