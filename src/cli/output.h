#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "holdfast/base/result.h"

namespace holdfast::cli {

/// Exit statuses of every command.
inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;  ///< wrong usage or configuration: nothing was touched

/// Prints one clear line on standard error, for machines also one JSON object on standard output, and gives
/// the exit status.
int report_failure(const Error& error, bool json);

/// `holdfast init` and the like: "name: value" lines, or the JSON as it is.
void print_result(const nlohmann::json& value, bool json);

/// Whichever of the two it is; gives the exit status.
int print_outcome(const Result<nlohmann::json>& outcome, bool json);

}  // namespace holdfast::cli
