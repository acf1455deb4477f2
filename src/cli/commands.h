#pragma once

namespace CLI {
class App;
}

namespace holdfast::cli {

/// Each function adds one command (or a family of them) to `program`; the command leaves its exit status in
/// `status`.
void add_version_command(CLI::App& program, int& status);
void add_config_reference_command(CLI::App& program, int& status);
void add_init_command(CLI::App& program, int& status);
void add_join_token_command(CLI::App& program, int& status);
void add_join_command(CLI::App& program, int& status);
void add_serve_command(CLI::App& program, int& status);
void add_region_commands(CLI::App& program, int& status);
void add_verify_command(CLI::App& program, int& status);
void add_health_command(CLI::App& program, int& status);
void add_demo_command(CLI::App& program, int& status);
void add_document_commands(CLI::App& program, int& status);

}  // namespace holdfast::cli
