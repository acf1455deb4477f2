#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "holdfast/app/config.h"
#include "holdfast/base/result.h"

namespace holdfast::cli {

struct DemoOptions {
  std::filesystem::path dir;  ///< empty: a new one under the temporary directory
  std::size_t secondaries = 1;
  std::uint16_t base_port = 8443;
  std::vector<app::Override> settings;  ///< for every region's configuration
  bool json = false;
};

/// Starts the regions and a front door on loopback, seeds them, prints how to reach them, and stays up until
/// SIGTERM or SIGINT. A region that is killed stays down. Leaves no process behind.
Result<> run_demo(const DemoOptions& options);

}  // namespace holdfast::cli
