#include "settings_options.h"

namespace holdfast::cli {

Result<std::vector<app::Override>> parse_settings(const std::vector<std::string>& texts) {
  std::vector<app::Override> settings;
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(ErrorKind::invalid, "invalid_argument", "--set " + text + ": expected KEY=VALUE");
    }
    settings.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return settings;
}

}  // namespace holdfast::cli
