#include "holdfast/cli/main.h"

#include <CLI/CLI.hpp>

#include "commands.h"
#include "resource_command.h"

namespace holdfast::cli {

int run(int argc, char** argv) {
  CLI::App program("Holdfast: sign-in that survives the loss of a region.", "holdfast");
  program.require_subcommand(1);
  program.failure_message([](const CLI::App*, const CLI::Error& error) {
    return "holdfast: " + std::string(error.what()) + " (--help tells more)\n";
  });
  int status = 0;
  add_init_command(program, status);
  add_join_token_command(program, status);
  add_join_command(program, status);
  add_serve_command(program, status);
  add_region_commands(program, status);
  add_verify_command(program, status);
  add_resource_commands(program, status);
  add_demo_command(program, status);
  add_config_reference_command(program, status);
  add_version_command(program, status);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : 2;
  }
  return status;
}

}  // namespace holdfast::cli
