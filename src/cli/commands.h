#pragma once

namespace CLI {
class App;
}

namespace holdfast::cli {

/// Each function adds one command to `program`; the command leaves its exit status in `status`.
void add_version_command(CLI::App& program, int& status);
void add_config_reference_command(CLI::App& program, int& status);

}  // namespace holdfast::cli
