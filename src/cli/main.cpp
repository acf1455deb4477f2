#include "holdfast/cli/main.h"

#include <CLI/CLI.hpp>
#include <exception>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "output.h"
#include "resource_command.h"

namespace holdfast::cli {
namespace {

/// A word that is no command would otherwise be told as "a subcommand is required".
std::string what_is_wrong(const CLI::App& program, const CLI::Error& error) {
  const auto unknown = program.remaining(true);
  const bool names_a_command = !unknown.empty() && !unknown.front().starts_with('-');
  const bool lacks_one = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError);
  return lacks_one && names_a_command ? "unknown command: " + unknown.front() : error.what();
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App program("Holdfast: sign-in that survives the loss of a region.", "holdfast");
  program.require_subcommand(1);
  program.failure_message([](const CLI::App* app, const CLI::Error& error) {
    return "holdfast: " + what_is_wrong(*app, error) + " (--help tells more)\n";
  });
  int status = exit_done;
  add_init_command(program, status);
  add_join_token_command(program, status);
  add_join_command(program, status);
  add_serve_command(program, status);
  add_region_commands(program, status);
  add_health_command(program, status);
  add_verify_command(program, status);
  add_resource_commands(program, status);
  add_demo_command(program, status);
  add_config_reference_command(program, status);
  add_document_commands(program, status);
  add_version_command(program, status);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? exit_done : exit_usage;
  } catch (const nlohmann::json::exception& error) {
    return report_failure({.kind = ErrorKind::invalid,
                           .code = "invalid_response",
                           .message = "the answer is none of the admin API's: is that its listener's URL?",
                           .detail = error.what()},
                          false);
  } catch (const std::exception& error) {
    // The standard library's way to say that a directory may not be looked into, and the like.
    return report_failure({.kind = ErrorKind::internal, .code = "internal", .message = error.what()}, false);
  }
  return status;
}

}  // namespace holdfast::cli
