#include <CLI/CLI.hpp>
#include <memory>

#include "commands.h"
#include "holdfast/app/serve.h"
#include "output.h"
#include "settings_options.h"

namespace holdfast::cli {
namespace {

struct ServeArguments {
  std::filesystem::path config;
  std::vector<std::string> settings;
  app::ServeOptions options;
};

Result<> run_serve(const ServeArguments& arguments) {
  TRY(const auto settings, parse_settings(arguments.settings));
  TRY(const auto config, app::load_config(arguments.config, settings));
  return app::serve(config, arguments.options);
}

}  // namespace

void add_serve_command(CLI::App& program, int& status) {
  auto* command =
      program.add_subcommand("serve", "Run a region until SIGTERM; SIGHUP re-reads its certificate");
  auto arguments = std::make_shared<ServeArguments>();
  command->add_option("--config", arguments->config, "The region's holdfast.json")->required();
  command->add_option("--set", arguments->settings, "KEY=VALUE that overrides the file for this run");
  command->add_flag(
      "--force-primary", arguments->options.force_primary,
      "Open for writing without hearing the other members. If one of them was promoted meanwhile there will "
      "be two writable regions, and you bear that risk");
  command->add_option(
      "--admin-token-out", arguments->options.admin_token_file,
      "Make an admin token for this region as soon as it may write, and put it into this file "
      "(0600): for when every other one has ended");
  command->callback([arguments, &status] {
    const auto result = run_serve(*arguments);
    status = result ? exit_done : report_failure(result.error(), false);
  });
}

}  // namespace holdfast::cli
