#pragma once

#include <cstdint>
#include <vector>

#include "holdfast/base/result.h"

namespace holdfast::cli {

/// `count` free loopback ports: `base`, `base`+1, … as far as they are free, others (by chance) in
/// place of the taken ones.
Result<std::vector<std::uint16_t>> free_ports(std::uint16_t base, std::size_t count);

}  // namespace holdfast::cli
