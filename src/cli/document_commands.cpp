#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "command_tree.h"
#include "commands.h"
#include "output.h"

namespace holdfast::cli {
namespace {

/// One page or script that the program prints about itself.
struct Document {
  const char* name;
  const char* help;
  std::string (*text)(const CommandNode&);
};

void add_documents(CLI::App& program, int& status, CLI::App& family, const std::vector<Document>& documents) {
  family.require_subcommand(1);
  for (const auto& document : documents) {
    family.add_subcommand(document.name, document.help)->callback([&program, &status, document] {
      std::cout << document.text(command_tree(program)) << std::flush;
      status = std::cout.good() ? exit_done : exit_failed;
    });
  }
}

}  // namespace

void add_document_commands(CLI::App& program, int& status) {
  add_documents(program, status, *program.add_subcommand("completion", "Print a shell's completion script"),
                {{"bash", "For bash: source it, or put it into its completions directory", bash_completion},
                 {"zsh", "For zsh: as _holdfast in a directory of fpath", zsh_completion},
                 {"fish", "For fish: as holdfast.fish in its completions directory", fish_completion}});
  add_documents(program, status, *program.add_subcommand("manual", "Print a manual page, in roff"),
                {{"commands", "The page holdfast(1): every command and option", command_manual},
                 {"configuration", "The page holdfast.json(5): every configuration key",
                  +[](const CommandNode&) { return configuration_manual(); }}});
}

}  // namespace holdfast::cli
