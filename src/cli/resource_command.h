#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "holdfast/http/method.h"

namespace CLI {
class App;
}

namespace holdfast::cli {

/// How an option's text becomes a value of the request's JSON body, or a part of its path.
enum class OptionKind : std::uint8_t {
  path,      ///< replaces `{name}` in the path; always needed
  text,      ///< a string
  texts,     ///< given once or more: an array of strings
  pairs,     ///< NAME=VALUE, once or more: an object
  flag,      ///< true when given
  number,    ///< a whole number
  truth,     ///< "true" or "false"
  secret,    ///< a file (-: standard input) whose trimmed content is the string: secrets never stand on a
             ///< command line
  document,  ///< a JSON file (-: standard input) whose object the body begins with
  query,     ///< a parameter of the query string
  save,      ///< a file (0600) that receives this field of the answer, which is then not printed
};

struct ResourceOption {
  std::string_view flag;   ///< "--username"
  std::string_view field;  ///< JSON field, path parameter or query parameter
  OptionKind kind = OptionKind::text;
  bool required = false;
  std::string_view help;
};

/// One command that is one call of the admin API: `holdfast user create …` is POST
/// /admin/v1/pools/{pool}/users.
struct ResourceCommand {
  std::string_view resource;
  std::string_view verb;
  std::string_view help;
  http::Method method = http::Method::get;
  std::string_view path;
  std::vector<ResourceOption> options;
};

/// Adds every row as `holdfast RESOURCE VERB`, each with --help, --json and the options that say which region
/// to call.
void add_resource_commands(CLI::App& program, int& status);

/// The rows (resource_table.cpp).
const std::vector<ResourceCommand>& resource_commands();

}  // namespace holdfast::cli
