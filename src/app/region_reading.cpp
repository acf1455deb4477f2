#include "region_reading.h"

#include <filesystem>

namespace holdfast::app {
namespace {

std::optional<std::uint64_t> free_bytes_at(const std::filesystem::path& place) {
  std::error_code error;
  const auto space = std::filesystem::space(place, error);
  if (error) return std::nullopt;
  return space.available;
}

}  // namespace

std::function<api::RegionReading()> region_reader(const Config& config, Foundation& base,
                                                  replication::Replication& replication,
                                                  const api::OwnMetricsToken& metrics_token) {
  return [&config, &base, &replication, &metrics_token] {
    const auto own_token = metrics_token.current();
    const auto view = base.state.view();
    const bool is_fenced = view.role == region::Role::fenced;
    return api::RegionReading{
        .version = HOLDFAST_VERSION,
        .view = view,
        .takes_traffic = base.state.should_get_traffic(),
        .durable = base.stores.core->durable(),
        .now = base.clock.steady_now(),
        .members = base.peers.all(),
        .waiting_for = is_fenced ? base.authority->last_decision().waiting_for : std::vector<RegionName>(),
        .snapshot = replication.snapshot_progress(),
        .free_bytes = free_bytes_at(config.data_dir),
        .free_floor_bytes = config.free_space_floor_bytes,
        .hash_queue = base.hashing.queued(),
        .hash_queue_limit = config.hash_queue,
        .metrics_token_expires = own_token ? std::optional(own_token->expires) : std::nullopt};
  };
}

}  // namespace holdfast::app
