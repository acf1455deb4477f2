#pragma once

#include <filesystem>
#include <string_view>

#include "holdfast/base/result.h"

namespace holdfast::app {

/// The one form of a configuration error: names the file, the key (empty: the file as a whole) and what was
/// expected. Kind `invalid`, code `invalid_configuration`: the program exits with status 2.
std::unexpected<Error> wrong_setting(const std::filesystem::path& file, std::string_view key,
                                     std::string_view problem, std::string_view detail = {});

}  // namespace holdfast::app
