#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "domain_fixture.h"
#include "holdfast/apps/app_service.h"
#include "holdfast/region/fact_exchange.h"

namespace holdfast::test {

inline std::unique_ptr<region::FactExchange> open_facts(TestRegion& home) {
  return TestRegion::must(region::FactExchange::open(home.local(), home.core(), home.name(), home.clock()));
}

/// What an AppService of this region works with. `check_pool` as there; without one every pool has every
/// client.
inline apps::AppService::Parts app_parts(
    TestRegion& home, region::FactExchange& facts,
    std::function<Result<>(const PoolId&, const std::vector<ClientId>&)> check_pool =
        [](const PoolId&, const std::vector<ClientId>&) { return Result<>{}; }) {
  return {.db = home.core(),
          .writer = home.writer(),
          .facts = facts,
          .members = home.members(),
          .peers = home.peers(),
          .disk = home.disk(),
          .io = home.io(),
          .clock = home.clock(),
          .check_pool = std::move(check_pool)};
}

}  // namespace holdfast::test
