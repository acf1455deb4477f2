#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "holdfast/app/init.h"
#include "output.h"
#include "settings_options.h"

namespace holdfast::cli {
namespace {

struct InitArguments {
  app::InitOptions options;
  std::string region;
  std::string issuer_base;
  std::vector<std::string> settings;
  bool json = false;
};

Result<nlohmann::json> run_init(InitArguments& arguments) {
  TRY(auto settings, parse_settings(arguments.settings));
  settings.emplace_back("region", arguments.region);
  settings.emplace_back("issuer_base", arguments.issuer_base);
  arguments.options.settings = std::move(settings);
  TRY(const auto report, app::init_region(arguments.options));
  return nlohmann::json{{"config", report.config_file.string()},
                        {"recoveryKeyFile", report.recovery_key_file.string()},
                        {"adminTokenFile", report.admin_token_file.string()},
                        {"metricsTokenFile", report.metrics_token_file.string()},
                        {"next", "move the recovery key off this machine, then: holdfast serve --config " +
                                     report.config_file.string()}};
}

}  // namespace

void add_init_command(CLI::App& program, int& status) {
  auto* command = program.add_subcommand("init", "Make the first region of a new cluster");
  auto arguments = std::make_shared<InitArguments>();
  auto& options = arguments->options;
  command->add_option("--dir", options.dir, "Where the region shall live; made if absent")->required();
  command->add_option("--region", arguments->region, "Its name, like us-east-1")->required();
  command
      ->add_option("--issuer-base", arguments->issuer_base,
                   "Base URL of every issuer, the same in all regions")
      ->required();
  command->add_option("--admin-name", options.administrator.name, "First administrator")->required();
  command->add_option("--admin-email", options.administrator.email, "Their e-mail address")->required();
  command
      ->add_option("--admin-phone", options.administrator.phone, "Their phone number, E.164 (+14155550100)")
      ->required();
  command->add_option("--tls-certificate", options.tls.certificate,
                      "Certificate chain to use (PEM); default: a small own authority");
  command->add_option("--tls-key", options.tls.key, "Its key (PEM)");
  command->add_option("--tls-authority", options.tls.authority,
                      "Its authority (PEM), for clients of this machine");
  command->add_option("--recovery-key-file", options.recovery_key_file,
                      "Where the recovery key goes; default: DIR/recovery.key");
  command->add_option("--set", arguments->settings,
                      "KEY=VALUE for the configuration (docs/configuration.md)");
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([arguments, &status] {
    const auto result = run_init(*arguments);
    if (result) print_result(*result, arguments->json);
    status = result ? exit_done : report_failure(result.error(), arguments->json);
  });
}

}  // namespace holdfast::cli
