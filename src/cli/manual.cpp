#include <algorithm>
#include <cctype>
#include <sstream>

#include "command_tree.h"
#include "holdfast/app/config.h"

namespace holdfast::cli {
namespace {

/// Text for roff: a backslash and a dash are themselves, and no line begins with a control character.
std::string roff(std::string_view text) {
  std::string escaped;
  if (text.starts_with('.') || text.starts_with('\'')) escaped = "\\&";
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped.push_back(c);
    }
  }
  return escaped;
}

std::string ended(std::string text) {
  if (!text.empty() && text.back() != '.') text.push_back('.');
  return text;
}

std::string upper_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  return text;
}

void write_heading(std::ostream& out, std::string_view name, std::string_view section,
                   std::string_view summary) {
  out << ".TH " << roff(upper_case(std::string(name))) << " " << section
      << " \"\" \"Holdfast " HOLDFAST_VERSION "\" \"Holdfast manual\"\n"
      << ".SH NAME\n"
      << roff(name) << " \\- " << roff(summary) << "\n";
}

void write_command(std::ostream& out, const CommandNode& node) {
  out << ".SS " << roff(node.path);
  for (const auto& operand : node.operands) out << " " << roff(upper_case(operand.name));
  out << "\n" << roff(ended(node.help)) << "\n";
  for (const auto& operand : node.operands) {
    out << ".TP\n\\fI" << roff(upper_case(operand.name)) << "\\fR\n"
        << roff(ended(operand.help)) << " Required.\n";
  }
  for (const auto& option : node.options) {
    if (option.flag == "--help") continue;
    out << ".TP\n\\fB" << roff(option.flag) << "\\fR" << (option.takes_value ? " \\fIVALUE\\fR" : "") << "\n"
        << roff(ended(option.help)) << (option.required ? " Required." : "") << "\n";
  }
}

}  // namespace

std::string command_manual(const CommandNode& root) {
  std::ostringstream out;
  write_heading(out, "holdfast", "1", "identity server that keeps people signing in when a region dies");
  out << ".SH SYNOPSIS\n.B holdfast\n.I COMMAND\n[\\fIOPTION\\fR...]\n.SH DESCRIPTION\n"
      << "One program is the server of a region (\\fBholdfast serve\\fR), the tool that makes regions "
         "(\\fBinit\\fR, \\fBjoin\\fR) and the client of a region's admin API (everything else). Secrets and "
         "personal data are read from files or standard input (\\fB\\-\\fR), for everybody on a machine sees "
         "arguments. Secrets that a command makes are written to files of mode 0600; a client's secret and a "
         "drawn password are printed where no file is named for them.\n"
      << ".SH COMMANDS\nEvery command takes \\fB\\-\\-help\\fR.\n";
  for (const auto* node : every_command(root)) {
    if (node->children.empty()) write_command(out, *node);
  }
  out << ".SH EXIT STATUS\n.TP\n.B 0\nDone.\n.TP\n.B 1\nFailed; one line on standard error says why.\n"
         ".TP\n.B 2\nWrong usage or configuration; nothing was touched.\n"
         ".SH SIGNALS\n\\fBholdfast serve\\fR ends in order on SIGTERM and SIGINT, and reads its certificate "
         "again on SIGHUP. It speaks the notify protocol of systemd.\n"
         ".SH FILES\n.TP\n.I /etc/holdfast/holdfast.json\nThe configuration that the systemd unit serves.\n"
         ".TP\n.I /etc/holdfast/region.key\nThe region's private key. Back it up apart from the data.\n"
         ".TP\n.I /var/lib/holdfast\nThe region's data.\n"
         ".SH SEE ALSO\n.BR holdfast.json (5),\n.BR systemctl (1)\n";
  return out.str();
}

std::string configuration_manual() {
  std::ostringstream out;
  write_heading(out, "holdfast.json", "5", "configuration of a Holdfast region");
  out << ".SH DESCRIPTION\nOne JSON file a region. Dots stand for nesting: \\fIlog.level\\fR is "
         "{\"log\": {\"level\": ...}}. Unknown keys, wrong types and values out of bounds are refused before "
         "any data is touched. A path may begin with ${CREDENTIALS_DIRECTORY}, systemd's folder of the "
         "service's credentials.\n.SH KEYS\n";
  for (const auto& entry : app::config_entries()) {
    out << ".TP\n\\fB" << roff(entry.path) << "\\fR\n"
        << roff(entry.meaning) << "\nTakes " << roff(entry.expected) << "; "
        << (entry.default_value.empty() ? "must be given" : "default: " + roff(entry.default_value))
        << (entry.unit == "-" ? "" : ", in " + roff(entry.unit)) << ".\n";
  }
  out << ".SH SEE ALSO\n.BR holdfast (1)\n";
  return out.str();
}

}  // namespace holdfast::cli
