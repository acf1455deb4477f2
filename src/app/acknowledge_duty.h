#pragma once

#include "foundation.h"
#include "holdfast/app/config.h"

namespace holdfast::app {

/// Makes the replicated acknowledge settings those of this region's configuration, where it is the writable
/// primary; does nothing elsewhere and when they are so already. Blocks for one commit when something
/// changed.
Result<> apply_acknowledge(const Config& config, Foundation& base);

}  // namespace holdfast::app
