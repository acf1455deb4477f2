#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "admin_client.h"
#include "commands.h"
#include "holdfast/app/join.h"
#include "holdfast/base/files.h"
#include "output.h"
#include "settings_options.h"

namespace holdfast::cli {
namespace {

struct JoinTokenArguments {
  AdminOptions admin;
  std::string name;
  std::filesystem::path out;
  bool never_promote = false;
  bool json = false;
};

Result<nlohmann::json> run_join_token(const JoinTokenArguments& arguments) {
  TRY(const auto target, arguments.admin.resolve());
  TRY(auto client, AdminClient::open(target));
  const nlohmann::json body{{"name", arguments.name}, {"mayPromote", !arguments.never_promote}};
  TRY(const auto answer, client.send(http::Method::post, "/admin/v1/join-tokens", body));
  TRY_VOID(write_private_file(arguments.out, answer.at("token").get<std::string>()));
  return nlohmann::json{{"tokenFile", arguments.out.string()}, {"expiresAt", answer.value("expiresAt", "")}};
}

struct JoinArguments {
  app::JoinOptions options;
  std::string region;
  std::vector<std::string> settings;
  bool json = false;
};

Result<nlohmann::json> run_join(JoinArguments& arguments) {
  TRY(auto settings, parse_settings(arguments.settings));
  settings.emplace_back("region", arguments.region);
  arguments.options.settings = std::move(settings);
  TRY(const auto report, app::join_region(arguments.options));
  return nlohmann::json{{"config", report.config_file.string()},
                        {"primary", report.primary},
                        {"metricsTokenFile", report.metrics_token_file.string()},
                        {"adminTokenFile", report.admin_token_file.string()},
                        {"next", "holdfast serve --config " + report.config_file.string()}};
}

}  // namespace

void add_join_token_command(CLI::App& program, int& status) {
  auto* command = program.add_subcommand(
      "join-token", "Make a token with which one new region may join, once, within an hour");
  auto arguments = std::make_shared<JoinTokenArguments>();
  arguments->admin.add_to(*command);
  command->add_option("--name", arguments->name, "The new region's name, like eu-west-1")->required();
  command->add_option("--out", arguments->out, "File for the token (0600)")->required();
  command->add_flag("--never-promote", arguments->never_promote, "The region may never become primary");
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback(
      [arguments, &status] { status = print_outcome(run_join_token(*arguments), arguments->json); });
}

void add_join_command(CLI::App& program, int& status) {
  auto* command = program.add_subcommand("join", "Make a new secondary region of a cluster");
  auto arguments = std::make_shared<JoinArguments>();
  auto& options = arguments->options;
  command->add_option("--dir", options.dir, "Where the region shall live; made if absent")->required();
  command->add_option("--region", arguments->region, "Its name, as the join token has it")->required();
  command->add_option("--token-file", options.token_file, "What `holdfast join-token` wrote")->required();
  command->add_option("--tls-certificate", options.tls.certificate,
                      "Certificate chain to use (PEM); default: a small own authority");
  command->add_option("--tls-key", options.tls.key, "Its key (PEM)");
  command->add_option("--tls-authority", options.tls.authority,
                      "Its authority (PEM), for clients of this machine");
  command->add_option("--set", arguments->settings,
                      "KEY=VALUE for the configuration (docs/configuration.md)");
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([arguments, &status] { status = print_outcome(run_join(*arguments), arguments->json); });
}

}  // namespace holdfast::cli
