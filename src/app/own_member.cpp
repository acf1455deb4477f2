#include "own_member.h"

namespace holdfast::app {

region::Member own_member(const Config& config, const std::string& node_id, const crypto::NodeKey& key,
                          const crypto::KeyWrapper& region_key, WallTime now) {
  return {.name = RegionName(config.region),
          .node_id = node_id,
          .node_spki = key.public_spki_der(),
          .wrapping_spki = region_key.public_key_der(),
          .replication_address = config.replication_listener.advertise,
          .public_url = config.public_listener.advertise,
          .objects_url = config.objects_listener.advertise,
          .joined = now};
}

}  // namespace holdfast::app
