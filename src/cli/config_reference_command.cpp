#include <CLI/CLI.hpp>
#include <iostream>

#include "commands.h"
#include "holdfast/app/config.h"

namespace holdfast::cli {

void add_config_reference_command(CLI::App& program, int& status) {
  auto* command =
      program.add_subcommand("config-reference", "Print every configuration key, as docs/configuration.md");
  command->callback([&status] {
    std::cout << app::config_reference();
    status = std::cout.good() ? 0 : 1;
  });
}

}  // namespace holdfast::cli
