#include "foundation.h"

#include "holdfast/base/log.h"
#include "holdfast/replication/joining.h"

namespace holdfast::app {
namespace {

storage::BlobKeySource blob_keys(const Stores& stores) {
  return [ring = stores.core->keys()](std::uint32_t id) -> Result<Secret> {
    TRY(const auto key, ring->key(id));
    return key->copy();
  };
}

}  // namespace

struct Foundation::Opened {
  Stores stores;
  std::uint64_t generation;
  storage::BlobStore blobs;
  std::unique_ptr<region::Members> members;
  std::unique_ptr<region::PositionWatch> positions;
  std::unique_ptr<region::AcknowledgeSettings> acknowledge;
  std::unique_ptr<region::FactExchange> facts;
};

Foundation::Foundation(const Config& config, Opened opened)
    : io(config.io_threads),
      hashing("hash", {.threads = config.hash_threads,
                       .longest_wait = config.hash_queue_time,
                       .limits = {.total = config.hash_queue,
                                  .per_address = std::max<std::size_t>(1, config.hash_queue / 4),
                                  .per_user = std::max<std::size_t>(1, config.hash_queue / 16)}}),
      stores(std::move(opened.stores)),
      generation(opened.generation),
      watermark(*stores.local, generation),
      blobs(std::move(opened.blobs)),
      ring(config.ring_bytes),
      tail(*stores.core),
      committer(*stores.core, clock,
                {.free_space_floor_bytes = config.free_space_floor_bytes,
                 .publish = [this](storage::RawBatchPtr batch) { ring.publish(std::move(batch)); }}),
      state(stores.node.region),
      members(std::move(opened.members)),
      peers(*members, clock),
      positions(std::move(opened.positions)),
      acknowledge(std::move(opened.acknowledge)),
      writer(state, committer, peers, *acknowledge),
      facts(std::move(opened.facts)),
      blob_demand(clock) {}

Result<std::unique_ptr<Foundation>> Foundation::open(const Config& config, const region::BootPolicy& policy) {
  TRY(auto stores, open_stores(config));
  TRY(const auto generation, stores.directory.current());
  TRY(auto blobs, storage::BlobStore::open(stores.directory.blobs(), stores.node.cluster, blob_keys(stores),
                                           config.free_space_floor_bytes));
  TRY(auto members, region::Members::open(*stores.core, stores.node.region));
  // Before its first snapshot a joiner's node table is empty: it dials those whom `join` met.
  TRY(auto joined, replication::load_bootstrap(*stores.local));
  if (joined && members->all().empty()) members->bootstrap(std::move(joined->members));
  TRY(auto positions, region::PositionWatch::open(*stores.core));
  TRY(auto acknowledge, region::AcknowledgeSettings::open(*stores.core));
  TRY(auto facts,
      region::FactExchange::open(*stores.local, *stores.core, stores.node.region, system_clock()));
  std::unique_ptr<Foundation> made(new Foundation(config, {.stores = std::move(stores),
                                                           .generation = generation->number,
                                                           .blobs = std::move(blobs),
                                                           .members = std::move(members),
                                                           .positions = std::move(positions),
                                                           .acknowledge = std::move(acknowledge),
                                                           .facts = std::move(facts)}));
  TRY(const auto recovery, made->watermark.judge(made->stores.core->applied()));
  region::Authority::Options options{.policy = policy};
  if (recovery == storage::Recovery::below_watermark) {
    TRY(options.recovered_short_of, made->stores.local->watermark(std::to_string(made->generation)));
    log::error(
        "the log lost a tail that was synced: this region opens no term before a peer has given it back");
  }
  TRY(made->authority, region::Authority::open({.core = *made->stores.core,
                                                .local = *made->stores.local,
                                                .committer = made->committer,
                                                .members = *made->members,
                                                .state = made->state,
                                                .clock = made->clock,
                                                .key = made->stores.node_key,
                                                .cluster = made->stores.node.cluster},
                                               options));
  return made;
}

}  // namespace holdfast::app
