#include <nlohmann/json.hpp>

#include "holdfast/app/config.h"
#include "holdfast/base/files.h"
#include "holdfast/base/json.h"

/// Configuration files as text: made from settings, and changed by them.
namespace holdfast::app {
namespace {

void put_at_path(nlohmann::json& root, std::string_view path, nlohmann::json value) {
  nlohmann::json* at = &root;
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    at = &(*at)[std::string(path.substr(0, dot))];
    path.remove_prefix(dot + 1);
  }
  (*at)[std::string(path)] = std::move(value);
}

}  // namespace

Result<std::string> with_settings(std::string_view text, const std::vector<Override>& settings) {
  TRY(auto json, parse_json(text));
  for (const auto& [path, setting] : settings) {
    TRY_VOID(check_override({path, setting}));
    auto value = parse_json(setting);
    put_at_path(json, path, value ? *std::move(value) : nlohmann::json(setting));
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
