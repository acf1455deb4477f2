#include "wrong_setting.h"

#include <string>

namespace holdfast::app {

std::unexpected<Error> wrong_setting(const std::filesystem::path& file, std::string_view key,
                                     std::string_view problem, std::string_view detail) {
  std::string message = file.string() + ": ";
  if (!key.empty()) message.append(key).append(": ");
  return fail(ErrorKind::invalid, "invalid_configuration", message.append(problem), std::string(detail));
}

}  // namespace holdfast::app
