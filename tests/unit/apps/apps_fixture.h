#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "app_parts.h"
#include "domain_fixture.h"
#include "holdfast/apps/app_service.h"
#include "holdfast/apps/comment_service.h"
#include "holdfast/storage/audit_event.h"

namespace holdfast::test {

/// A primary with the services of apps, a pool's data key and one registered app, `photos`.
class AppsTest : public DomainTest {
 protected:
  void SetUp() override {
    auto keys = region_.core().transaction();
    region_.core().keys()->create_key(keys, storage::Scope::pool(pool_), region_.clock().now());
    region_.store().commit(std::move(keys));
    TestRegion::must(create_app(app_));
  }

  apps::AppService::Parts parts() {
    return app_parts(region_, *facts_, [this](const PoolId& pool, const std::vector<ClientId>&) -> Result<> {
      if (pool == pool_) return {};
      return fail(ErrorKind::invalid, "invalid_app", "pool: no such pool");
    });
  }

  Result<identity::Written<apps::App>> create_app(AppId id) {
    return region_.run(apps_.create({.id = std::move(id),
                                     .pool = pool_,
                                     .clients = {ClientId("web")},
                                     .web_origins = {"https://photos.example"}},
                                    actor_));
  }
  Result<apps::StateSet> set_state(apps::AppState state) {
    return region_.run(apps_.set_state(app_, state, actor_));
  }

  identity::VerifiedUser user(std::string name, std::string sub) {
    identity::VerifiedUser user;
    user.pool = pool_;
    user.client = ClientId("web");
    user.user = UserId(std::move(sub));
    user.username = std::move(name);
    return user;
  }

  std::vector<storage::AuditEvent> audited(std::string_view kind) {
    std::vector<storage::AuditEvent> events;
    TestRegion::must(storage::scan_audit(region_.core().reader(), WallTime{}, WallTime::max(), {}, 1'000,
                                         [&](BytesView, storage::AuditEvent event) {
                                           if (event.kind == kind) events.push_back(std::move(event));
                                         }));
    return events;
  }

  const AppId app_{"photos"};
  const PoolId pool_{"us-east-1_Abc"};
  const identity::Actor actor_{.kind = "operator", .id = "op-1", .request_id = "req-1"};
  std::unique_ptr<region::FactExchange> facts_ = open_facts(region_);
  apps::AppService apps_{parts()};
};

}  // namespace holdfast::test
