#pragma once

#include <filesystem>
#include <functional>

#include "holdfast/app/config.h"
#include "holdfast/base/result.h"

namespace holdfast::app {

struct ServeOptions {
  /// `--force-primary`: open a term without hearing the other members. Whoever gives it bears the risk of two
  /// writable regions.
  bool force_primary = false;
  /// `--admin-token-out`: where a new admin token goes once this region may write; empty: none is made.
  std::filesystem::path admin_token_file;
};

/// Runs one region until SIGTERM or SIGINT, then drains. SIGHUP re-reads the certificate. Speaks systemd's
/// notify protocol. Errors before the first listener is open leave the data as it was.
Result<> serve(const Config& config, const ServeOptions& options);

}  // namespace holdfast::app
