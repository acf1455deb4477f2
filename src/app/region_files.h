#pragma once

#include "holdfast/app/config.h"
#include "holdfast/app/init.h"
#include "holdfast/crypto/key_wrap.h"

namespace holdfast::app {

/// The configuration file `<dir>/holdfast.json` that the settings make, checked. Only `dir` is made here:
/// `init` and `join` write the file last, so that a directory without it is no region. `conflict` when there
/// is one already.
struct NewConfig {
  Config config;
  std::string text;
};
Result<NewConfig> compose_config(const std::filesystem::path& dir, const std::vector<Override>& settings);

/// With its parents; `invalid_configuration` naming it when that fails.
Result<> make_directory(const std::filesystem::path& dir);

/// The content of a file that only its owner may read, which the configuration's `key` names. Errors:
/// `invalid_configuration`, naming the configuration, the key and what was `expected` in the file.
Result<Secret> read_key_file(const Config& config, std::string_view key, const std::filesystem::path& file,
                             std::string_view expected);

/// Makes the region key file, or reads the one that is there. The errors of read_key_file.
Result<crypto::RsaRegionKey> make_region_key(const Config& config);
Result<crypto::RsaRegionKey> load_region_key(const Config& config);

/// Puts certificate and key where the configuration says: copies of `files`, or from a small authority made
/// here. Keeps what is there.
Result<> place_tls_files(const Config& config, const TlsFiles& files);

}  // namespace holdfast::app
