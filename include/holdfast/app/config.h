#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "holdfast/base/log.h"
#include "holdfast/base/result.h"

namespace holdfast::app {

/// Where one listener is bound and how clients reach it.
struct ListenerConfig {
  bool enabled = true;
  std::string address;                       ///< "IP:PORT"
  std::string advertise;                     ///< https URL (replication: HOST:PORT) that others use
  std::string proxy_address;                 ///< second socket that requires PROXY v2; empty: none
  std::vector<std::string> trusted_proxies;  ///< CIDRs that may speak PROXY v2
};

/// "k of n" for one class of writes; k = 0 waits for nobody.
struct Acknowledge {
  std::uint32_t needed = 0;
  std::uint32_t of = 0;
};

/// One region's whole configuration, checked and with defaults filled in. Paths are absolute.
struct Config {
  std::filesystem::path file;
  std::string region;
  std::string issuer_base;
  std::filesystem::path data_dir;
  std::filesystem::path region_key_file;
  std::filesystem::path certificate_file;
  std::filesystem::path certificate_key_file;
  std::vector<std::string> hosts;

  ListenerConfig public_listener;
  ListenerConfig objects_listener;
  ListenerConfig admin_listener;
  ListenerConfig replication_listener;

  log::Level log_level = log::Level::info;
  log::Format log_format = log::Format::json;

  std::uint32_t io_threads = 0;  ///< 0: one per core
  std::uint32_t hash_threads = 0;
  std::uint32_t hash_queue = 0;
  std::chrono::seconds hash_queue_time{0};
  std::uint32_t argon2_memory_kib = 0;
  std::uint32_t argon2_iterations = 0;

  std::uint64_t free_space_floor_bytes = 0;
  std::uint64_t ballast_bytes = 0;
  std::uint64_t log_cap_bytes = 0;
  std::uint64_t ring_bytes = 0;
  std::uint32_t max_connections = 0;
  std::uint32_t max_connections_per_address = 0;  ///< 0: half of max_connections
  std::chrono::seconds handshake_time{0};
  std::chrono::seconds head_time{0};
  std::chrono::seconds body_time{0};
  std::chrono::seconds write_time{0};
  std::chrono::seconds idle_time{0};
  std::uint64_t max_object_bytes = 0;
  std::chrono::seconds blob_grace{0};
  std::chrono::seconds drain_timeout{0};
  std::chrono::milliseconds acknowledge_timeout{0};
  bool boot_requires_peers = true;
  std::chrono::seconds max_stale_sign_in{0};  ///< 0: off
  std::uint64_t snapshot_rate_bytes = 0;      ///< a second; 0: unlimited
  std::uint64_t blob_rate_bytes = 0;          ///< a second; 0: unlimited

  std::map<std::string, Acknowledge, std::less<>> acknowledge;  ///< by class: security, codes, all
};

/// One `key=value` that overrides the file, as `--set` gives it.
using Override = std::pair<std::string, std::string>;

/// Reads and checks a configuration file. Every error names file, key and what was expected (kind `invalid`,
/// code `invalid_configuration`); nothing is touched. Relative paths count from the file's directory.
Result<Config> load_config(const std::filesystem::path& file, const std::vector<Override>& overrides = {});

/// The same from text, for tests; `file` is only named in errors and used for relative paths.
Result<Config> parse_config(std::string_view text, const std::filesystem::path& file,
                            const std::vector<Override>& overrides = {});

/// What a path may begin with, and its value where systemd (LoadCredential=) has set it; else empty.
inline constexpr std::string_view credentials_variable = "${CREDENTIALS_DIRECTORY}";
std::filesystem::path credentials_directory();

/// Every key with type, default, unit and meaning, as the Markdown of docs/configuration.md.
std::string config_reference();

/// One key of the reference, for whoever prints it in another form.
struct ConfigEntry {
  std::string path;
  std::string expected;
  std::string default_value;  ///< JSON text; empty: must be given
  std::string unit;           ///< "-" when it has none
  std::string meaning;
};
std::vector<ConfigEntry> config_entries();

/// Refuses a key or value that no configuration file could hold; used before a file is written.
Result<> check_override(const Override& setting);

/// A configuration file's text with `settings` put in place of what it says; `{}` makes a new one. Each
/// setting is checked, the whole is not.
Result<std::string> with_settings(std::string_view text, const std::vector<Override>& settings);

/// Puts `settings` into a configuration file that is there. The file stays as it was when the result would
/// not load.
Result<> change_config(const std::filesystem::path& file, const std::vector<Override>& settings);

}  // namespace holdfast::app
