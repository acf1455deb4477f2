#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "holdfast/app/config.h"

namespace holdfast::app {

/// One key of the configuration file: how it is called, what it takes, what it means and where it goes.
struct ConfigKey {
  std::string path;           ///< dotted: `listeners.public.address`
  std::string_view expected;  ///< what a value must look like; part of every error and of the reference
  std::string default_value;  ///< JSON text; empty: the key must be given
  std::string_view unit;      ///< "-" when it has none
  std::string_view meaning;
  std::function<bool(Config&, const nlohmann::json&)> set;  ///< false: the value is not as expected
};

/// An Override's value: JSON where that parses, else plain text: `--set threads.io=2`, `--set
/// log.level=debug`.
nlohmann::json override_value(const std::string& text);

/// All keys, in the order of the reference.
std::span<const ConfigKey> config_keys();
const ConfigKey* find_config_key(std::string_view path);

}  // namespace holdfast::app
