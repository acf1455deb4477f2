#include "config_keys.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config_values.h"

namespace holdfast::app {
namespace {

constexpr std::uint64_t mib = 1024ULL * 1024;
constexpr std::uint64_t gib = 1024 * mib;

constexpr std::string_view an_address = "\"IP:PORT\"";
constexpr std::string_view an_https_url = "\"https://HOST[:PORT]\", lower-case, without a path";
constexpr std::string_view a_path = "a path; relative ones count from this file's directory";
constexpr std::string_view a_flag = "true or false";
constexpr std::string_view a_list_of_cidrs = "a list of CIDR blocks, like [\"10.0.0.0/8\"]";

bool empty_or_address(std::string_view text) { return text.empty() || is_address_and_port(text); }
bool is_host_name(std::string_view text) {
  return text.find(':') == std::string_view::npos && is_host_and_port(std::string(text) + ":1");
}

void add_region_keys(std::vector<ConfigKey>& keys) {
  keys.push_back({"region", "a name of 1-32 lower-case letters, digits and dashes, like \"us-east-1\"", "",
                  "-", "This region's name. Fixed once the data directory exists.",
                  text_that(is_region_name, +[](Config& c) -> std::string& { return c.region; })});
  keys.push_back({"issuer_base", an_https_url, "", "-",
                  "Base of every pool's issuer; the same in every region, and fixed by `init`.",
                  text_that(is_https_url, +[](Config& c) -> std::string& { return c.issuer_base; })});
  keys.push_back({"data_dir", a_path, R"("data")", "-", "Where this region's stores live.",
                  path(+[](Config& c) -> std::filesystem::path& { return c.data_dir; })});
  keys.push_back(
      {"region_key_file", a_path, R"("region.key")", "-",
       "This region's private key (PEM, RSA of 3072 bits or more, mode 0600). Keep it apart from backups of "
       "the data.",
       path(+[](Config& c) -> std::filesystem::path& { return c.region_key_file; })});
  keys.push_back({"tls.certificate_file", a_path, R"("tls/server.crt")", "-",
                  "Certificate chain (PEM) of the public, objects and admin listeners; re-read on SIGHUP.",
                  path(+[](Config& c) -> std::filesystem::path& { return c.certificate_file; })});
  keys.push_back({"tls.key_file", a_path, R"("tls/server.key")", "-",
                  "Its private key (PEM). Anything but mode 0600 or less is refused.",
                  path(+[](Config& c) -> std::filesystem::path& { return c.certificate_key_file; })});
  keys.push_back(
      {"hosts", "a list of one or more lower-case host names, like [\"id.example.com\"]", R"(["localhost"])",
       "-", "Names that the Host header may carry; 127.0.0.1 is added for the admin listener.",
       text_list_that(is_host_name, +[](Config& c) -> std::vector<std::string>& { return c.hosts; }, 1)});
}

template <ListenerConfig& (*get)(Config&)>
void add_listener_keys(std::vector<ConfigKey>& keys, std::string_view name, std::string_view serves,
                       std::string_view default_address) {
  const std::string prefix = "listeners." + std::string(name) + ".";
  // The one between regions is always on: whoever may be primary is dialled by the others.
  const bool is_optional = name != "replication";
  if (is_optional) {
    keys.push_back({prefix + "enabled", a_flag, "true", "-", serves,
                    boolean(+[](Config& c) -> bool& { return get(c).enabled; })});
  }
  keys.push_back({prefix + "address", an_address, '"' + std::string(default_address) + '"', "-",
                  is_optional ? "Address and port it is bound to." : serves,
                  text_that(is_address_and_port, +[](Config& c) -> std::string& { return get(c).address; })});
}

template <ListenerConfig& (*get)(Config&)>
void add_client_facing_keys(std::vector<ConfigKey>& keys, std::string_view name) {
  const std::string prefix = "listeners." + std::string(name) + ".";
  keys.push_back({prefix + "url", an_https_url, R"("https://localhost")", "-",
                  "How clients reach this region's listener; told to them in `regions` and in refusals.",
                  text_that(is_https_url, +[](Config& c) -> std::string& { return get(c).advertise; })});
  keys.push_back(
      {prefix + "proxy_address", "\"IP:PORT\", or \"\" for none", R"("")", "-",
       "A second socket for a front door: every connection must begin with PROXY protocol v2.",
       text_that(empty_or_address, +[](Config& c) -> std::string& { return get(c).proxy_address; })});
  keys.push_back(
      {prefix + "trusted_proxies", a_list_of_cidrs, R"(["127.0.0.1/32"])", "-",
       "Who may connect to `proxy_address`; others are cut off.",
       text_list_that(
           is_cidr, +[](Config& c) -> std::vector<std::string>& { return get(c).trusted_proxies; })});
}

ListenerConfig& public_of(Config& config) { return config.public_listener; }
ListenerConfig& objects_of(Config& config) { return config.objects_listener; }
ListenerConfig& admin_of(Config& config) { return config.admin_listener; }
ListenerConfig& replication_of(Config& config) { return config.replication_listener; }

void add_listeners(std::vector<ConfigKey>& keys) {
  add_listener_keys<public_of>(keys, "public", "OIDC, Cognito JSON API, app states, comments, health.",
                               "0.0.0.0:8443");
  add_client_facing_keys<public_of>(keys, "public");
  add_listener_keys<objects_of>(keys, "objects", "Object store (S3 REST, path style).", "0.0.0.0:8444");
  add_client_facing_keys<objects_of>(keys, "objects");
  add_listener_keys<admin_of>(keys, "admin", "Admin API and metrics.", "127.0.0.1:8445");
  add_listener_keys<replication_of>(keys, "replication", "Log shipping between regions, mutual TLS 1.3.",
                                    "0.0.0.0:8446");
  keys.push_back(
      {"listeners.replication.peer_address", "\"HOST:PORT\"", R"("localhost:8446")", "-",
       "Where the other regions reach this region's replication listener; kept in the node table.",
       text_that(
           is_host_and_port, +[](Config& c) -> std::string& { return c.replication_listener.advertise; })});
}

void add_log_keys(std::vector<ConfigKey>& keys) {
  keys.push_back({"log.level", R"("debug", "info", "warn" or "error")", R"("info")", "-",
                  "Lines below it are dropped.", [](Config& c, const nlohmann::json& value) {
                    if (value == "debug") return c.log_level = log::Level::debug, true;
                    if (value == "info") return c.log_level = log::Level::info, true;
                    if (value == "warn") return c.log_level = log::Level::warn, true;
                    if (value == "error") return c.log_level = log::Level::error, true;
                    return false;
                  }});
  keys.push_back({"log.format", R"("json" or "text")", R"("json")", "-",
                  "One line an event, to standard error.", [](Config& c, const nlohmann::json& value) {
                    if (value == "json") return c.log_format = log::Format::json, true;
                    if (value == "text") return c.log_format = log::Format::text, true;
                    return false;
                  }});
}

void add_cpu_keys(std::vector<ConfigKey>& keys) {
  keys.push_back(
      {"threads.io", "a number from 0 to 256", "0", "threads", "I/O threads; 0: one a core.",
       number_between<std::uint32_t>(0, 256, +[](Config& c) -> std::uint32_t& { return c.io_threads; })});
  keys.push_back(
      {"threads.hash", "a number from 0 to 256", "0", "threads", "Password hashing threads; 0: one a core.",
       number_between<std::uint32_t>(0, 256, +[](Config& c) -> std::uint32_t& { return c.hash_threads; })});
  keys.push_back(
      {"passwords.queue", "a number from 1 to 100000", "512", "requests",
       "Sign-ins that may wait for a hashing thread; more are answered 503.",
       number_between<std::uint32_t>(1, 100'000, +[](Config& c) -> std::uint32_t& { return c.hash_queue; })});
  keys.push_back({"passwords.queue_seconds", "a number from 1 to 60", "5", "seconds",
                  "A sign-in that has waited this long for a hashing thread is answered 503.",
                  duration_between<std::chrono::seconds>(
                      1, 60, +[](Config& c) -> std::chrono::seconds& { return c.hash_queue_time; })});
  keys.push_back({"passwords.memory_kib", "a number from 7168 to 262144", "19456", "KiB",
                  "Argon2id memory for new verifiers; old ones are renewed at the next sign-in. Memory times "
                  "iterations must be 35840 to 1048576.",
                  number_between<std::uint32_t>(
                      7168, 262'144, +[](Config& c) -> std::uint32_t& { return c.argon2_memory_kib; })});
  keys.push_back({"passwords.iterations", "a number from 1 to 32", "2", "passes",
                  "Argon2id passes for new verifiers.",
                  number_between<std::uint32_t>(
                      1, 32, +[](Config& c) -> std::uint32_t& { return c.argon2_iterations; })});
}

void add_storage_keys(std::vector<ConfigKey>& keys) {
  keys.push_back(
      {"storage.free_space_floor_bytes", "a number from 67108864 to 1099511627776", "536870912", "bytes",
       "Below this much free space writes are refused (507) and objects' bytes of other regions are not "
       "received; reads and sign-ins go on.",
       number_between<std::uint64_t>(
           64 * mib, 1024 * gib, +[](Config& c) -> std::uint64_t& { return c.free_space_floor_bytes; })});
  keys.push_back(
      {"storage.ballast_bytes", "a number from 0 to 17179869184", "67108864", "bytes",
       "Blocks kept back so that a start on a full disk finds room; given up then, and taken again later.",
       number_between<std::uint64_t>(
           0, 16 * gib, +[](Config& c) -> std::uint64_t& { return c.ballast_bytes; })});
  keys.push_back({"storage.max_object_bytes", "a number from 1 to 5368709120", "5368709120", "bytes",
                  "Largest object that may be uploaded.",
                  number_between<std::uint64_t>(
                      1, 5 * gib, +[](Config& c) -> std::uint64_t& { return c.max_object_bytes; })});
  keys.push_back({"storage.blob_grace_seconds", "a number from 60 to 2592000", "86400", "seconds",
                  "How long the bytes of a replaced or deleted object are kept.",
                  duration_between<std::chrono::seconds>(
                      60, 2'592'000, +[](Config& c) -> std::chrono::seconds& { return c.blob_grace; })});
}

void add_replication_keys(std::vector<ConfigKey>& keys) {
  keys.push_back({"replication.log_cap_bytes", "a number from 67108864 to 1099511627776", "4294967296",
                  "bytes", "Log kept for members that lag; beyond it a member is lost and needs a snapshot.",
                  number_between<std::uint64_t>(
                      64 * mib, 1024 * gib, +[](Config& c) -> std::uint64_t& { return c.log_cap_bytes; })});
  keys.push_back({"replication.ring_bytes", "a number from 1048576 to 4294967296", "67108864", "bytes",
                  "Newest batches kept in memory for streaming; a slower secondary reads the log files.",
                  number_between<std::uint64_t>(
                      mib, 4 * gib, +[](Config& c) -> std::uint64_t& { return c.ring_bytes; })});
  keys.push_back({"replication.snapshot_bytes_per_second", "a number from 0 to 1099511627776", "0", "bytes/s",
                  "Rate cap of a snapshot; 0: none.",
                  number_between<std::uint64_t>(
                      0, 1024 * gib, +[](Config& c) -> std::uint64_t& { return c.snapshot_rate_bytes; })});
  keys.push_back({"replication.blob_bytes_per_second", "a number from 0 to 1099511627776", "0", "bytes/s",
                  "Rate cap of object bytes; 0: none.",
                  number_between<std::uint64_t>(
                      0, 1024 * gib, +[](Config& c) -> std::uint64_t& { return c.blob_rate_bytes; })});
  for (const std::string_view name : {"security", "codes", "all"}) {
    keys.push_back({"replication.acknowledge." + std::string(name),
                    R"("K of N", like "1 of 1", or "" for none)", R"("")", "-",
                    "Writes of this class are answered only when K of the N secondaries hold them durably. "
                    "Takes effect once N secondaries have joined and hold the setting.",
                    [name](Config& c, const nlohmann::json& value) {
                      if (value == "") return true;
                      return value.is_string() && parse_acknowledge(value.get_ref<const std::string&>(),
                                                                    c.acknowledge[std::string(name)]);
                    }});
  }
  keys.push_back(
      {"replication.acknowledge_timeout_ms", "a number from 10 to 60000", "5000", "ms",
       "After it the answer is \"outcome unknown\" (504), never \"failed\".",
       duration_between<std::chrono::milliseconds>(
           10, 60'000, +[](Config& c) -> std::chrono::milliseconds& { return c.acknowledge_timeout; })});
}

void add_safety_keys(std::vector<ConfigKey>& keys) {
  keys.push_back(
      {"boot.require_peers", R"("all" or "none")", R"("all")", "-",
       "Whether a returning primary waits, fenced, until every other member has answered. With \"none\" the "
       "operator bears the risk of two writable regions.",
       [](Config& c, const nlohmann::json& value) {
         if (value != "all" && value != "none") return false;
         c.boot_requires_peers = value == "all";
         return true;
       }});
  keys.push_back(
      {"sign_in.max_stale_seconds", "a number from 0 to 31536000", "0", "seconds",
       "A secondary that has not heard its primary for longer refuses password sign-ins (503); 0: never.",
       duration_between<std::chrono::seconds>(
           0, 31'536'000, +[](Config& c) -> std::chrono::seconds& { return c.max_stale_sign_in; })});
}

void add_limit_keys(std::vector<ConfigKey>& keys) {
  keys.push_back(
      {"limits.connections", "a number from 16 to 1000000", "20000", "connections",
       "Open client connections over the public and objects listeners. Beyond them idle ones are closed; "
       "where "
       "there is none, newcomers get 503. The admin listener takes 256 of its own. Lowered, with a warning, "
       "where the process may not open enough files.",
       number_between<std::uint32_t>(
           16, 1'000'000, +[](Config& c) -> std::uint32_t& { return c.max_connections; })});
  keys.push_back(
      {"limits.connections_per_address", "a number from 0 to 1000000", "0", "connections",
       "Of them from one address (IPv6: one /64), for each listener; one more is closed before its "
       "handshake. "
       "0: half of limits.connections.",
       number_between<std::uint32_t>(
           0, 1'000'000, +[](Config& c) -> std::uint32_t& { return c.max_connections_per_address; })});
  keys.push_back({"limits.handshake_seconds", "a number from 1 to 60", "10", "seconds",
                  "For the PROXY header and the TLS handshake together; then the connection is closed.",
                  duration_between<std::chrono::seconds>(
                      1, 60, +[](Config& c) -> std::chrono::seconds& { return c.handshake_time; })});
  keys.push_back({"limits.head_seconds", "a number from 1 to 60", "10", "seconds",
                  "From a request's first byte to the end of its head; then the connection is closed.",
                  duration_between<std::chrono::seconds>(
                      1, 60, +[](Config& c) -> std::chrono::seconds& { return c.head_time; })});
  keys.push_back({"limits.body_seconds", "a number from 1 to 600", "20", "seconds",
                  "Waiting for a request's body, and one second more for each 4 KiB that has come; then the "
                  "connection is closed.",
                  duration_between<std::chrono::seconds>(
                      1, 600, +[](Config& c) -> std::chrono::seconds& { return c.body_time; })});
  keys.push_back({"limits.write_seconds", "a number from 1 to 600", "20", "seconds",
                  "For a client to take each 64 KiB of a response; then the connection is closed.",
                  duration_between<std::chrono::seconds>(
                      1, 600, +[](Config& c) -> std::chrono::seconds& { return c.write_time; })});
  keys.push_back({"limits.idle_seconds", "a number from 1 to 3600", "60", "seconds",
                  "Between the requests of a kept connection; then it is closed.",
                  duration_between<std::chrono::seconds>(
                      1, 3600, +[](Config& c) -> std::chrono::seconds& { return c.idle_time; })});
  keys.push_back({"limits.drain_seconds", "a number from 0 to 600", "10", "seconds",
                  "After SIGTERM, time for requests in flight to finish.",
                  duration_between<std::chrono::seconds>(
                      0, 600, +[](Config& c) -> std::chrono::seconds& { return c.drain_timeout; })});
}

std::vector<ConfigKey> build_keys() {
  std::vector<ConfigKey> keys;
  add_region_keys(keys);
  add_listeners(keys);
  add_log_keys(keys);
  add_cpu_keys(keys);
  add_storage_keys(keys);
  add_replication_keys(keys);
  add_safety_keys(keys);
  add_limit_keys(keys);
  return keys;
}

const std::vector<ConfigKey>& all_keys() {
  static const std::vector<ConfigKey> keys = build_keys();
  return keys;
}

}  // namespace

std::span<const ConfigKey> config_keys() { return all_keys(); }

const ConfigKey* find_config_key(std::string_view path) {
  const auto found = std::ranges::find(all_keys(), path, &ConfigKey::path);
  return found == all_keys().end() ? nullptr : &*found;
}

}  // namespace holdfast::app
