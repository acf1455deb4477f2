#include <algorithm>
#include <nlohmann/json.hpp>

#include "config_keys.h"
#include "holdfast/app/config.h"
#include "holdfast/base/files.h"
#include "holdfast/base/json.h"

/// Configuration files as text: made from settings, and changed by them.
namespace holdfast::app {
namespace {

Result<> put_at_path(nlohmann::json& root, std::string_view path, nlohmann::json value) {
  nlohmann::json* at = &root;
  for (std::string_view rest = path; !rest.empty();) {
    if (!at->is_object() && !at->is_null()) {
      return fail(ErrorKind::invalid, "invalid_configuration",
                  std::string(path) + ": what is there in its place is no JSON object");
    }
    const auto dot = std::min(rest.find('.'), rest.size());
    at = &(*at)[std::string(rest.substr(0, dot))];
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  *at = std::move(value);
  return {};
}

}  // namespace

Result<std::string> with_settings(std::string_view text, const std::vector<Override>& settings) {
  TRY(auto json, parse_json(text));
  for (const auto& [path, setting] : settings) {
    TRY_VOID(check_override({path, setting}));
    TRY_VOID(put_at_path(json, path, override_value(setting)));
  }
  return json.dump(2) + "\n";
}

Result<> change_config(const std::filesystem::path& file, const std::vector<Override>& settings) {
  if (settings.empty()) return {};
  TRY(const auto before, read_file(file));
  TRY(const auto after, with_settings(before, settings));
  TRY_VOID(parse_config(after, file));
  return after == before ? Result<>{} : write_public_file(file, after);
}

}  // namespace holdfast::app
