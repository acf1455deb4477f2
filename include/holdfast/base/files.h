#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "holdfast/base/result.h"

namespace holdfast {

/// Reads a small file (keys, tokens, configuration) to its end; a pipe will do. Errors name the file and the
/// system's reason: `not_found` where there is none, `too_large` over `max_bytes`, else `internal`.
Result<std::string> read_file(const std::filesystem::path& file, std::size_t max_bytes = 1024UL * 1024);

/// Creates or replaces a file that only its owner may read (0600): written beside it, synced, renamed,
/// directory synced, so that a crash leaves the old content or the new one. Errors as above.
Result<> write_private_file(const std::filesystem::path& file, std::string_view content);

/// The same for content that others may read (0644), like certificates and configuration.
Result<> write_public_file(const std::filesystem::path& file, std::string_view content);

}  // namespace holdfast
