#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "holdfast/app/config.h"
#include "holdfast/base/result.h"

namespace holdfast::app {

/// Certificate, key and authority of the client-facing listeners, as files to copy from. All empty: a small
/// private authority is made beside the certificate, for trials.
struct TlsFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
  std::filesystem::path authority;
};

/// The first administrator of a new cluster.
struct Administrator {
  std::string name;
  std::string email;
  std::string phone;  ///< E.164: +14155550100
};

struct InitOptions {
  std::filesystem::path dir;
  std::vector<Override> settings;  ///< become the configuration file; `region` and `issuer_base` are needed
  TlsFiles tls;
  Administrator administrator;
  std::filesystem::path recovery_key_file;  ///< empty: `<dir>/recovery.key`
  bool cluster_wide_token = false;          ///< the demo's: its administrator token opens every region
};

/// Files that hold secrets are readable by their owner only (0600).
struct InitReport {
  std::filesystem::path config_file;
  std::filesystem::path recovery_key_file;  ///< opens everything: move it off this machine
  std::filesystem::path admin_token_file;
  std::filesystem::path metrics_token_file;  ///< opens /metrics of this region alone
};

/// Makes the first region of a new cluster in `dir`: configuration, region key, recovery key, stores, signed
/// first term, administrator and their token, metrics token. Refuses a directory that is in use for anything
/// else, and a recovery key file that is there (`conflict`). Blocking; seconds.
Result<InitReport> init_region(const InitOptions& options);

}  // namespace holdfast::app
