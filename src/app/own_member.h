#pragma once

#include <string>

#include "holdfast/app/config.h"
#include "holdfast/base/clock.h"
#include "holdfast/crypto/key_wrap.h"
#include "holdfast/crypto/node_key.h"
#include "holdfast/region/member.h"

namespace holdfast::app {

/// This region's row of the node table, as its configuration has it.
region::Member own_member(const Config& config, const std::string& node_id, const crypto::NodeKey& key,
                          const crypto::KeyWrapper& region_key, WallTime now);

}  // namespace holdfast::app
