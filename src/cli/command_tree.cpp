#include "command_tree.h"

#include <CLI/CLI.hpp>

namespace holdfast::cli {
namespace {

CommandNode node_of(const CLI::App& command, const std::string& parent) {
  CommandNode node{.path = parent.empty() ? command.get_name() : parent + " " + command.get_name(),
                   .name = command.get_name(),
                   .help = command.get_description(),
                   .options = {},
                   .operands = {},
                   .children = {}};
  for (const auto* option : command.get_options([](const CLI::Option*) { return true; })) {
    if (option->get_positional())
      node.operands.push_back({.name = option->get_name(true), .help = option->get_description()});
    if (option->get_lnames().empty()) continue;
    node.options.push_back({.flag = "--" + option->get_lnames().front(),
                            .help = option->get_description(),
                            .takes_value = option->get_items_expected_max() > 0,
                            .required = option->get_required()});
  }
  for (const auto* child : command.get_subcommands([](const CLI::App*) { return true; }))
    node.children.push_back(node_of(*child, node.path));
  return node;
}

void collect(const CommandNode& node, std::vector<const CommandNode*>& into) {
  into.push_back(&node);
  for (const auto& child : node.children) collect(child, into);
}

}  // namespace

CommandNode command_tree(const CLI::App& program) { return node_of(program, ""); }

std::vector<const CommandNode*> every_command(const CommandNode& root) {
  std::vector<const CommandNode*> all;
  collect(root, all);
  return all;
}

}  // namespace holdfast::cli
