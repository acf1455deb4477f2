#include <sstream>

#include "command_tree.h"
#include "quoting.h"

namespace holdfast::cli {
namespace {

/// fish knows two escapes within single quotes.
std::string fish_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + "'";
}

/// Of a help text, what fits beside a completion.
std::string first_clause(const std::string& help) { return help.substr(0, help.find_first_of(";:.")); }

std::string words_of(const CommandNode& node) {
  std::string words;
  for (const auto& child : node.children) words += child.name + " ";
  for (const auto& option : node.options) words += option.flag + " ";
  if (!words.empty()) words.pop_back();
  return words;
}

/// Patterns "COMMAND --option" of the options that are followed by a value.
std::string valued_patterns(const CommandNode& root) {
  std::string patterns;
  for (const auto* node : every_command(root)) {
    for (const auto& option : node->options) {
      if (option.takes_value)
        patterns.append(patterns.empty() ? "" : "|").append(shell_quoted(node->path + " " + option.flag));
    }
  }
  return patterns;
}

std::string command_patterns(const CommandNode& root) {
  std::string patterns;
  for (const auto* node : every_command(root)) {
    for (const auto& child : node->children)
      patterns.append(patterns.empty() ? "" : "|").append(shell_quoted(child.path));
  }
  return patterns;
}

}  // namespace

std::string bash_completion(const CommandNode& root) {
  std::ostringstream out;
  out << "# bash completion for holdfast, written by `holdfast completion bash`\n"
         "_holdfast() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} at=holdfast words i\n"
         "  COMPREPLY=()\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case \"$at ${COMP_WORDS[i]}\" in\n      "
      << command_patterns(root) << ") at=\"$at ${COMP_WORDS[i]}\" ;;\n    esac\n  done\n"
      << "  case \"$at $before\" in\n    " << valued_patterns(root)
      << ")\n      mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
         "      compopt -o filenames 2>/dev/null\n      return ;;\n  esac\n  case \"$at\" in\n";
  for (const auto* node : every_command(root))
    out << "    " << shell_quoted(node->path) << ") words=" << shell_quoted(words_of(*node)) << " ;;\n";
  out << "  esac\n  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n}\n"
         "complete -F _holdfast holdfast\n";
  return out.str();
}

std::string zsh_completion(const CommandNode& root) {
  const auto entry = [](const std::string& name, const std::string& help) {
    return shell_quoted(name + ":" + first_clause(help));
  };
  std::ostringstream out;
  out << "#compdef holdfast\n# zsh completion for holdfast, written by `holdfast completion zsh`\n"
         "_holdfast() {\n"
         "  local at=holdfast word\n  local -a commands options\n"
         "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n    case \"$at $word\" in\n      ("
      << command_patterns(root) << ") at=\"$at $word\" ;;\n    esac\n  done\n"
      << "  case \"$at ${words[CURRENT-1]}\" in\n    (" << valued_patterns(root)
      << ") _files; return ;;\n  esac\n  case \"$at\" in\n";
  for (const auto* node : every_command(root)) {
    out << "    (" << shell_quoted(node->path) << ")\n      commands=(";
    for (const auto& child : node->children) out << entry(child.name, child.help) << " ";
    out << ")\n      options=(";
    for (const auto& option : node->options) out << entry(option.flag, option.help) << " ";
    out << ") ;;\n";
  }
  out << "  esac\n"
         "  (( $#commands )) && _describe -t commands command commands\n"
         "  _describe -t options option options\n}\n"
         "[[ $funcstack[1] = _holdfast ]] && _holdfast \"$@\"\n";
  return out.str();
}

std::string fish_completion(const CommandNode& root) {
  std::ostringstream out;
  out << "# fish completion for holdfast, written by `holdfast completion fish`\n"
         "set -g __holdfast_commands";
  for (const auto* node : every_command(root)) {
    for (const auto& child : node->children) out << " " << fish_quoted(child.path);
  }
  out << "\nfunction __holdfast_at\n"
         "  set -l at holdfast\n"
         "  set -l words (commandline -opc)\n"
         "  for word in $words[2..-1]\n"
         "    contains -- \"$at $word\" $__holdfast_commands; and set at \"$at $word\"\n"
         "  end\n"
         "  test \"$at\" = \"$argv[1]\"\n"
         "end\ncomplete -c holdfast -f\n";
  for (const auto* node : every_command(root)) {
    const std::string when = "complete -c holdfast -n " + fish_quoted("__holdfast_at \"" + node->path + "\"");
    for (const auto& child : node->children)
      out << when << " -a " << fish_quoted(child.name) << " -d " << fish_quoted(first_clause(child.help))
          << "\n";
    for (const auto& option : node->options) {
      out << when << " -l " << option.flag.substr(2) << (option.takes_value ? " -r -F" : "") << " -d "
          << fish_quoted(first_clause(option.help)) << "\n";
    }
  }
  return out.str();
}

}  // namespace holdfast::cli
