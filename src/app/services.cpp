#include "services.h"

#include <algorithm>

#include "acknowledge_duty.h"
#include "holdfast/apps/pool_check.h"
#include "holdfast/region/cluster_record.h"
#include "key_watch.h"

namespace holdfast::app {
namespace {

// How soon a new primary makes its configuration the replicated setting.
constexpr std::chrono::seconds acknowledge_interval{1};
constexpr std::chrono::seconds key_watch_interval{15};

/// Often enough that a grace is not overrun by much, never so often that looking at every blob is a load.
std::chrono::seconds sweep_interval(std::chrono::seconds grace) {
  return std::clamp(grace / 4, std::chrono::seconds(5), std::chrono::seconds(300));
}

/// Before its first snapshot a joiner has no cluster record yet; `join` took the issuer from the primary.
Result<std::string> find_issuer_base(const Config& config, const storage::CoreDb& core) {
  TRY(const auto record, region::find_cluster_record(core.reader()));
  return record ? record->issuer_base : config.issuer_base;
}

}  // namespace

Services::Services(const Config& config, Foundation& base, std::unique_ptr<identity::Identity> opened,
                   std::string issuer)
    : identity(std::move(opened)),
      oidc(*identity),
      apps({.db = *base.stores.core,
            .writer = base.writer,
            .facts = *base.facts,
            .members = *base.members,
            .peers = base.peers,
            .disk = base.disk,
            .io = base.io,
            .clock = base.clock,
            .check_pool = apps::pool_check(identity->pools, identity->clients)}),
      origins(*base.stores.core),
      comments(apps, *base.stores.core, base.writer, base.disk, base.clock),
      buckets(*base.stores.core, base.writer, apps, base.clock),
      objects({.db = *base.stores.core,
               .writer = base.writer,
               .apps = apps,
               .buckets = buckets,
               .blobs = base.blobs,
               .disk = base.disk,
               .clock = base.clock,
               .demand = base.blob_demand,
               .max_object_bytes = config.max_object_bytes}),
      blob_upkeep({.objects = objects,
                   .blobs = base.blobs,
                   .demand = base.blob_demand,
                   .db = *base.stores.core,
                   .disk = base.disk,
                   .clock = base.clock},
                  {.grace = config.blob_grace, .sweep_every = sweep_interval(config.blob_grace)}),
      issuer_base(std::move(issuer)),
      base_(base) {}

Result<std::unique_ptr<Services>> Services::open(const Config& config, Foundation& base) {
  TRY(auto issuer, find_issuer_base(config, *base.stores.core));
  TRY(auto identity, identity::Identity::open({.core = *base.stores.core,
                                               .local = *base.stores.local,
                                               .writer = base.writer,
                                               .peers = base.peers,
                                               .hashing = base.hashing,
                                               .disk = base.disk,
                                               .clock = base.clock,
                                               .entropy = crypto::system_entropy(),
                                               .region = base.stores.node.region,
                                               .issuer_base = issuer,
                                               .argon2 = {.memory_kib = config.argon2_memory_kib,
                                                          .iterations = config.argon2_iterations},
                                               .max_stale_sign_in = config.max_stale_sign_in}));
  return std::unique_ptr<Services>(new Services(config, base, std::move(identity), std::move(issuer)));
}

void Services::add_duties(const Config& config, Maintenance& maintenance) {
  identity->start(maintenance.tasks(), base_.io.next());
  maintenance.run(blob_upkeep.run());
  maintenance.every(acknowledge_interval, "the acknowledge settings were not written",
                    [duty = std::make_shared<AcknowledgeDuty>(config, base_)] { return duty->run(); });
  maintenance.every(key_watch_interval, "the signing keys could not be looked at",
                    [this] { return watch_keys(*identity); });
}

}  // namespace holdfast::app
