#include "holdfast/app/config.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config_keys.h"
#include "holdfast/base/files.h"
#include "holdfast/base/json.h"
#include "holdfast/crypto/password_hash.h"
#include "host_and_port.h"
#include "wrong_setting.h"

namespace holdfast::app {
namespace {

constexpr std::size_t max_config_bytes = 256UL * 1024;

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

std::string unknown_key(std::string_view key) {
  const auto nearest = std::ranges::min_element(
      config_keys(), {}, [&](const ConfigKey& known) { return edit_distance(key, known.path); });
  return "no such key; the nearest is \"" + nearest->path + "\" (all: docs/configuration.md)";
}

using Leaves = std::map<std::string, nlohmann::json, std::less<>>;

/// A name that holds a dot itself is refused, and so is an empty one: either could stand for a key that is
/// also there as it should be, and one of the two would silently win.
Result<> flatten(const nlohmann::json& value, const std::string& path, const std::filesystem::path& file,
                 Leaves& leaves) {
  if (!value.is_object() || (value.empty() && !path.empty())) {
    leaves[path] = value;
    return {};
  }
  for (const auto& [name, inner] : value.items()) {
    std::string below = path;
    if (!below.empty()) below += '.';
    below += name;
    if (name.empty() || name.contains('.')) {
      return wrong_setting(file, '"' + name + '"',
                           R"(no such name; dots stand for nesting, as in {"log": {"level": "info"}})");
    }
    TRY_VOID(flatten(inner, below, file, leaves));
  }
  return {};
}

Result<> set_key(Config& config, const ConfigKey& key, const nlohmann::json& value) {
  if (key.set(config, value)) return {};
  return wrong_setting(config.file, key.path,
                       "expected " + std::string(key.expected) + ", got " +
                           value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

/// `${CREDENTIALS_DIRECTORY}` at a path's beginning. Where that is not set, outside the service, the text
/// stays: commands that only read addresses from the file need no key.
void expand_credentials(std::filesystem::path& path) {
  const auto directory = credentials_directory();
  const std::string text = path.string();
  if (!directory.empty() && text.starts_with(credentials_variable))
    path = directory.string() + text.substr(credentials_variable.size());
}

void make_absolute(Config& config) {
  const auto base = std::filesystem::absolute(config.file).parent_path();
  for (auto* path :
       {&config.data_dir, &config.region_key_file, &config.certificate_file, &config.certificate_key_file}) {
    expand_credentials(*path);
    if (path->is_relative() && !path->string().starts_with(credentials_variable)) *path = base / *path;
  }
}

/// Every socket that the configuration opens, as its key and its address.
std::vector<std::pair<std::string, std::string>> sockets_of(const Config& config) {
  std::vector<std::pair<std::string, std::string>> sockets;
  const auto add = [&](const std::string& name, const ListenerConfig& listener) {
    if (!listener.enabled) return;
    sockets.emplace_back("listeners." + name + ".address", listener.address);
    if (!listener.proxy_address.empty())
      sockets.emplace_back("listeners." + name + ".proxy_address", listener.proxy_address);
  };
  add("public", config.public_listener);
  add("objects", config.objects_listener);
  add("admin", config.admin_listener);
  add("replication", config.replication_listener);
  return sockets;
}

Result<> check_sockets_differ(const Config& config) {
  const auto sockets = sockets_of(config);
  for (auto later = sockets.begin(); later != sockets.end(); ++later) {
    const auto taken = std::find_if(
        sockets.begin(), later, [&](const auto& earlier) { return collide(earlier.second, later->second); });
    if (taken == later) continue;
    return wrong_setting(config.file, later->first,
                         later->second + ": expected an address and port of its own, " + taken->first +
                             " is " + taken->second);
  }
  return {};
}

}  // namespace

nlohmann::json override_value(const std::string& text) {
  auto parsed = parse_json(text);
  return parsed ? *std::move(parsed) : nlohmann::json(text);
}

Result<Config> parse_config(std::string_view text, const std::filesystem::path& file,
                            const std::vector<Override>& overrides) {
  auto document = parse_json(text);
  if (!document) return wrong_setting(file, "", "expected a JSON object: " + document.error().message);
  if (!document->is_object()) return wrong_setting(file, "", "expected a JSON object");
  Leaves leaves;
  TRY_VOID(flatten(*document, "", file, leaves));
  for (const auto& [key, value] : overrides) leaves[key] = override_value(value);
  for (const auto& [path, value] : leaves) {
    if (find_config_key(path) == nullptr) return wrong_setting(file, path, unknown_key(path));
  }
  Config config;
  config.file = file;
  for (const ConfigKey& key : config_keys()) {
    const auto given = leaves.find(key.path);
    if (given == leaves.end() && key.default_value.empty()) {
      return wrong_setting(file, key.path, "is missing: expected " + std::string(key.expected));
    }
    TRY_VOID(set_key(config, key,
                     given == leaves.end() ? nlohmann::json::parse(key.default_value) : given->second));
  }
  if (const auto checked = crypto::check_configured(
          {.memory_kib = config.argon2_memory_kib, .iterations = config.argon2_iterations});
      !checked) {
    return wrong_setting(file, "passwords", checked.error().message);
  }
  TRY_VOID(check_sockets_differ(config));
  make_absolute(config);
  return config;
}

Result<Config> load_config(const std::filesystem::path& file, const std::vector<Override>& overrides) {
  const auto text = read_file(file, max_config_bytes);
  if (!text) return fail(ErrorKind::invalid, "invalid_configuration", text.error().message);
  return parse_config(*text, file, overrides);
}

Result<> check_override(const Override& setting) {
  const ConfigKey* key = find_config_key(setting.first);
  if (key == nullptr) return wrong_setting("--set", setting.first, unknown_key(setting.first));
  Config scratch;
  scratch.file = "--set";
  return set_key(scratch, *key, override_value(setting.second));
}

std::filesystem::path credentials_directory() {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory == nullptr ? "" : directory;
}

std::vector<ConfigEntry> config_entries() {
  std::vector<ConfigEntry> entries;
  for (const ConfigKey& key : config_keys()) {
    entries.push_back({.path = key.path,
                       .expected = std::string(key.expected),
                       .default_value = key.default_value,
                       .unit = std::string(key.unit),
                       .meaning = std::string(key.meaning)});
  }
  return entries;
}

std::string config_reference() {
  std::ostringstream out;
  out << "# Configuration\n"
         "One JSON file a region. Dots stand for nesting: `log.level` is `{\"log\": {\"level\": …}}`. "
         "Unknown keys, wrong\n"
         "types and values out of bounds are refused before any data is touched, with exit status 2 and a "
         "line that\n"
         "names file, key and what was expected. A path may begin with `${CREDENTIALS_DIRECTORY}`, systemd's "
         "folder of the\n"
         "service's credentials (`LoadCredential=`). This page is what `holdfast config-reference` "
         "prints.\n\n"
         "| key | takes | default | unit | meaning |\n| --- | --- | --- | --- | --- |\n";
  for (const ConfigKey& key : config_keys()) {
    out << "| `" << key.path << "` | " << key.expected << " | "
        << (key.default_value.empty() ? "must be given" : "`" + key.default_value + "`") << " | " << key.unit
        << " | " << key.meaning << " |\n";
  }
  return out.str();
}

}  // namespace holdfast::app
