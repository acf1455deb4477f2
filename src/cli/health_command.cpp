#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "holdfast/base/files.h"
#include "holdfast/base/json.h"
#include "holdfast/http/client.h"
#include "local_listener.h"
#include "output.h"

namespace holdfast::cli {
namespace {

constexpr std::chrono::seconds health_patience{5};

struct HealthArguments {
  std::filesystem::path config;
  LocalListener place;
  bool takes_traffic = false;
  bool json = false;
};

Result<LocalListener> health_place(const HealthArguments& arguments) {
  LocalListener place = arguments.place;
  if (!arguments.config.empty()) {
    TRY(const auto config, app::load_config(arguments.config));
    auto local = local_listener(
        config, config.public_listener.enabled ? config.public_listener : config.admin_listener);
    if (place.url.empty()) {
      place.url = std::move(local.url);
      place.connect_host = std::move(local.connect_host);
    }
    if (place.ca_file.empty() && std::filesystem::exists(local.ca_file))
      place.ca_file = std::move(local.ca_file);
  }
  if (place.url.empty())
    return fail(ErrorKind::invalid, "invalid_argument", "give --config, or --url and --ca-file");
  return place;
}

Result<net::ClientTls> health_tls(const LocalListener& place) {
  if (place.ca_file.empty()) return net::ClientTls::with_system_authorities();
  TRY(const auto authorities, read_file(place.ca_file));
  return net::ClientTls::with_authorities(authorities);
}

Result<nlohmann::json> ask_health(const HealthArguments& arguments) {
  TRY(const auto place, health_place(arguments));
  TRY(auto tls, health_tls(place));
  http::BlockingClient client(std::move(tls),
                              {.timeout = health_patience, .connect_host = place.connect_host});
  const std::string path = arguments.takes_traffic ? "/health/traffic" : "/health/ready";
  TRY(const auto answer, client.send({.method = http::Method::get, .url = place.url + path}));
  if (answer.status == 200) return parse_json(answer.body);
  return fail(ErrorKind::unavailable, "unavailable",
              path + " answered " + std::to_string(answer.status) + ": " + answer.body);
}

}  // namespace

void add_health_command(CLI::App& program, int& status) {
  auto* command = program.add_subcommand(
      "health", "Ask the region on this host whether it is ready: exit status 0 or 1, for container engines");
  auto arguments = std::make_shared<HealthArguments>();
  command->add_option("--config", arguments->config, "The region's holdfast.json");
  command->add_option("--url", arguments->place.url,
                      "A listener to ask instead, like https://localhost:8443");
  command->add_option("--ca-file", arguments->place.ca_file, "Its certificate authority (PEM)");
  command->add_flag("--traffic", arguments->takes_traffic,
                    "Ask whether it should be sent traffic: no while it is fenced by a higher reign");
  command->add_flag("--json", arguments->json, "Print the answer as JSON");
  command->callback(
      [arguments, &status] { status = print_outcome(ask_health(*arguments), arguments->json); });
}

}  // namespace holdfast::cli
