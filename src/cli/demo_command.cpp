#include <CLI/CLI.hpp>
#include <memory>

#include "commands.h"
#include "demo.h"
#include "output.h"
#include "settings_options.h"

namespace holdfast::cli {

void add_demo_command(CLI::App& program, int& status) {
  struct DemoArguments {
    DemoOptions options;
    std::vector<std::string> settings;
  };
  auto* command =
      program.add_subcommand("demo", "Run two regions and a front door on this machine, until SIGTERM");
  auto arguments = std::make_shared<DemoArguments>();
  auto& options = arguments->options;
  command->add_flag("--json", options.json,
                    "Print one JSON line with URLs and secrets once everything is ready");
  command->add_option(
      "--dir", options.dir,
      "Where everything is kept; one used before keeps its ports. Default: a new temporary one");
  command->add_option("--secondaries", options.secondaries, "How many secondary regions")
      ->check(CLI::Range(0, 5));
  command->add_option("--base-port", options.base_port, "First port; taken ones are replaced by free ones")
      ->check(CLI::Range(1024, 65000));
  command->add_option("--set", arguments->settings,
                      "KEY=VALUE for every region's configuration (docs/configuration.md)");
  command->callback([arguments, &status] {
    const auto settings = parse_settings(arguments->settings);
    if (!settings) {
      status = report_failure(settings.error(), false);
      return;
    }
    arguments->options.settings = *settings;
    const auto result = run_demo(arguments->options);
    status = result ? exit_done : report_failure(result.error(), false);
  });
}

}  // namespace holdfast::cli
