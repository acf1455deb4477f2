#pragma once

#include <string>
#include <vector>

#include "holdfast/app/config.h"

namespace holdfast::cli {

/// `--set key=value` texts as overrides. `invalid_argument` for one without `=`.
Result<std::vector<app::Override>> parse_settings(const std::vector<std::string>& texts);

}  // namespace holdfast::cli
