#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "holdfast/base/result.h"

namespace holdfast::cli {

/// What an option names that takes a file, `-` being standard input: secrets and personal data come this way,
/// because everybody on the machine sees arguments. Whole, as it is, at most 1 MiB. Errors: `not_found`,
/// `too_large`.
Result<std::string> read_given(const std::string& name);

/// The same as one JSON object; `invalid_argument` names option and file.
Result<nlohmann::json> document_of(const std::string& name, std::string_view flag);

}  // namespace holdfast::cli
