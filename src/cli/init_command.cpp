#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "given_files.h"
#include "holdfast/app/init.h"
#include "holdfast/base/json.h"
#include "output.h"
#include "settings_options.h"

namespace holdfast::cli {
namespace {

struct InitArguments {
  app::InitOptions options;
  std::string administrator_file;
  std::string region;
  std::string issuer_base;
  std::vector<std::string> settings;
  bool json = false;
};

/// Who the first administrator is: from the file, or else from the three options.
Result<app::Administrator> administrator_of(const InitArguments& arguments) {
  const auto& given = arguments.options.administrator;
  const auto& file = arguments.administrator_file;
  if (file.empty()) {
    if (!given.name.empty() && !given.email.empty() && !given.phone.empty()) return given;
    return fail(ErrorKind::invalid, "invalid_argument",
                "give --admin-file, or --admin-name, --admin-email and --admin-phone");
  }
  TRY(const auto document, document_of(file, "--admin-file"));
  JsonFields fields(document);
  app::Administrator administrator{
      .name = fields.text("name"), .email = fields.text("email"), .phone = fields.text("phone")};
  if (const auto read = fields.finish(); !read) {
    return fail(ErrorKind::invalid, "invalid_argument",
                "--admin-file " + file + ": " + read.error().message + " (it has name, email and phone)");
  }
  return administrator;
}

Result<nlohmann::json> run_init(InitArguments& arguments) {
  TRY(arguments.options.administrator, administrator_of(arguments));
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
  auto* file = command->add_option(
      "--admin-file", arguments->administrator_file,
      R"(First administrator: a JSON file {"name","email","phone"}, phone as E.164 (+14155550100); - reads standard input)");
  // While a command runs everybody on the machine sees its arguments.
  const auto add_visible = [&](const char* flag, std::string& value, const char* help) {
    command->add_option(flag, value, help)->excludes(file);
  };
  auto& administrator = options.administrator;
  add_visible("--admin-name", administrator.name, "Instead, for trials: their name, seen in process lists");
  add_visible("--admin-email", administrator.email, "Their e-mail address, the same");
  add_visible("--admin-phone", administrator.phone, "Their phone number, the same");
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
  command->callback([arguments, &status] { status = print_outcome(run_init(*arguments), arguments->json); });
}

}  // namespace holdfast::cli
