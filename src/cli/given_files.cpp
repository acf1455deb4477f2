#include "given_files.h"

#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "holdfast/base/files.h"
#include "holdfast/base/json.h"

namespace holdfast::cli {

Result<std::string> read_given(const std::string& name) {
  if (name != "-") return read_file(name);
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
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
