#include "given_files.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "holdfast/base/files.h"
#include "holdfast/base/json.h"

namespace holdfast::cli {
namespace {

/// As read_file's: what is given this way is a secret or a few settings.
constexpr std::size_t max_stdin_bytes = 1024UL * 1024;

}  // namespace

Result<std::string> read_given(const std::string& name) {
  if (name != "-") return read_file(name);
  // Not by opening /dev/stdin: that fails where standard input is a socket.
  std::string content(max_stdin_bytes + 1, '\0');
  std::cin.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(std::cin.gcount()));
  if (content.size() <= max_stdin_bytes) return content;
  return fail(ErrorKind::too_large, "too_large",
              "standard input: expected at most " + std::to_string(max_stdin_bytes) + " bytes");
}

Result<nlohmann::json> document_of(const std::string& name, std::string_view flag) {
  TRY(const auto text, read_given(name));
  auto json = parse_json(text);
  if (json && json->is_object()) return json;
  return fail(ErrorKind::invalid, "invalid_argument",
              std::string(flag) + " " + name + ": " +
                  (json ? std::string("expected a JSON object") : json.error().message));
}

}  // namespace holdfast::cli
