#pragma once

#include <filesystem>
#include <vector>

#include "holdfast/app/config.h"
#include "holdfast/app/init.h"
#include "holdfast/base/result.h"

namespace holdfast::app {

struct JoinOptions {
  std::filesystem::path dir;
  std::vector<Override>
      settings;  ///< become the configuration file; `region` is needed, the issuer comes with the token
  TlsFiles tls;
  std::filesystem::path token_file;  ///< what `holdfast join-token` wrote
};

struct JoinReport {
  std::filesystem::path config_file;
  std::filesystem::path metrics_token_file;  ///< opens /metrics of this region alone
  std::string primary;                       ///< the region that took the token
  /// Opens this region's admin API, in the name of the operator who made the join token (0600). Empty when
  /// the primary took none.
  std::filesystem::path admin_token_file;
};

/// Makes a new secondary in `dir`: keys, then one call to the primary's replication listener that uses up the
/// join token, then empty stores. The data follows when the region is served. Blocking; seconds. A token that
/// does not open is `unauthenticated`; nothing is left behind that would make a second try fail.
Result<JoinReport> join_region(const JoinOptions& options);

}  // namespace holdfast::app
