#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "config_keys.h"

namespace holdfast::app {

/// Setters for ConfigKey::set. Each gives false when the value has the wrong type or is out of bounds.
using Setter = std::function<bool(Config&, const nlohmann::json&)>;
template <class Member>
using Access = Member& (*)(Config&);

bool is_address_and_port(std::string_view text);
bool is_https_url(std::string_view text);
bool is_host_and_port(std::string_view text);
bool is_region_name(std::string_view text);
bool is_cidr(std::string_view text);

/// "k of n" with 0 < k <= n <= 16.
bool parse_acknowledge(std::string_view text, Acknowledge& into);

template <class Number>
Setter number_between(Number lowest, Number highest, Access<Number> access) {
  return [=](Config& config, const nlohmann::json& value) {
    if (!value.is_number_unsigned()) return false;
    const auto number = value.get<std::uint64_t>();
    if (number < lowest || number > highest) return false;
    access(config) = static_cast<Number>(number);
    return true;
  };
}

template <class Duration>
Setter duration_between(std::uint64_t lowest, std::uint64_t highest, Access<Duration> access) {
  return [=](Config& config, const nlohmann::json& value) {
    if (!value.is_number_unsigned()) return false;
    const auto number = value.get<std::uint64_t>();
    if (number < lowest || number > highest) return false;
    access(config) = Duration(static_cast<std::int64_t>(number));
    return true;
  };
}

Setter boolean(Access<bool> access);
Setter text_that(bool (*is_valid)(std::string_view), Access<std::string> access);
Setter text_list_that(bool (*is_valid)(std::string_view), Access<std::vector<std::string>> access,
                      std::size_t fewest = 0);
Setter path(Access<std::filesystem::path> access);

}  // namespace holdfast::app
