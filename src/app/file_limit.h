#pragma once

#include <cstddef>
#include <cstdint>

#include "holdfast/base/result.h"

namespace holdfast::app {

/// Of its own: whatever clients do, operators and Prometheus get in.
inline constexpr std::size_t admin_connections = 256;

/// Connections taken beyond limits.connections, so that their clients are told and health is answered.
std::size_t reserve_of(std::size_t connections);

/// What all other files and sockets may come to: two stores of 512 files, 1,024 peers, 256 streams, the rest.
inline constexpr std::uint64_t other_files = 2560;

/// How many files a region opens that has so many client connections.
std::uint64_t files_for(std::size_t connections);
/// The most client connections up to `wanted` for which `files` are enough; never less than 16.
std::size_t connections_within(std::size_t wanted, std::uint64_t files);

/// Raises the number of files that this process may open to the most that it is allowed, and gives it.
Result<std::uint64_t> raise_file_limit();

/// raise_file_limit, and the client connections for which that is enough: `wanted`, or less with a warning in
/// the log that names both. A store that cannot open a file stops writing: connections go without first.
Result<std::size_t> fit_connections(std::size_t wanted);

}  // namespace holdfast::app
