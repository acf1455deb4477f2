#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "demo_layout.h"
#include "demo_regions.h"
#include "holdfast/base/result.h"

namespace holdfast::cli {

/// What the demo tells about itself beside its regions: pool, clients, user, app, bucket, and the token.
struct DemoSecrets {
  nlohmann::json public_part;
  std::string admin_token;
};

/// Makes the seed through the admin API, once a directory (kept in `demo-seed.json`, 0600), and waits until
/// every secondary has it.
Result<DemoSecrets> seed_demo(const DemoLayout& layout, const DemoRegions& regions);

}  // namespace holdfast::cli
