#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "commands.h"

namespace holdfast::cli {

void add_version_command(CLI::App& program, int& status) {
  auto* command = program.add_subcommand("version", "Print the version of this program");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "Print one JSON object");
  command->callback([json, &status] {
    if (*json) {
      std::cout << R"({"version":")" HOLDFAST_VERSION R"("})" << "\n";
    } else {
      std::cout << "holdfast " HOLDFAST_VERSION "\n";
    }
    status = std::cout.good() ? 0 : 1;
  });
}

}  // namespace holdfast::cli
