#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace holdfast::cli {

struct CommandOption {
  std::string flag;  ///< "--config"
  std::string help;
  bool takes_value = false;
  bool required = false;
};

/// What is given by its place, without a flag.
struct CommandOperand {
  std::string name;  ///< "name"
  std::string help;
};

/// One command as the program itself defines it: what completions and the manual are made of, so that they
/// cannot say anything else.
struct CommandNode {
  std::string path;  ///< "holdfast region status"
  std::string name;  ///< "status"
  std::string help;
  std::vector<CommandOption> options;
  std::vector<CommandOperand> operands;
  std::vector<CommandNode> children;
};

CommandNode command_tree(const CLI::App& program);

/// The node and everything below it, in the order of the program's own help.
std::vector<const CommandNode*> every_command(const CommandNode& root);

/// Scripts that complete commands, options and file names.
std::string bash_completion(const CommandNode& root);
std::string zsh_completion(const CommandNode& root);
std::string fish_completion(const CommandNode& root);

/// holdfast(1), and holdfast.json(5) out of the configuration's own reference.
std::string command_manual(const CommandNode& root);
std::string configuration_manual();

}  // namespace holdfast::cli
