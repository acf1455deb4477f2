#include "config_values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace holdfast::app {
namespace {

bool is_decimal_between(std::string_view text, unsigned lowest, unsigned highest) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value >= lowest && value <= highest;
}

bool is_ip(std::string_view text, int family) {
  unsigned char storage[sizeof(in6_addr)];
  return inet_pton(family, std::string(text).c_str(), storage) == 1;
}

bool is_port(std::string_view text) { return is_decimal_between(text, 1, 65535); }

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

}  // namespace

bool is_address_and_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_port(text.substr(colon + 1))) return false;
  const auto address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']'))
    return is_ip(address.substr(1, address.size() - 2), AF_INET6);
  return is_ip(address, AF_INET);
}

bool is_host_and_port(std::string_view text) {
  if (is_address_and_port(text)) return true;
  const auto colon = text.rfind(':');
  return colon != std::string_view::npos && is_host(text.substr(0, colon)) && is_port(text.substr(colon + 1));
}

bool is_https_url(std::string_view text) {
  constexpr std::string_view scheme = "https://";
  if (!text.starts_with(scheme)) return false;
  const auto authority = text.substr(scheme.size());
  return is_host(authority) || is_host_and_port(authority);
}

bool is_region_name(std::string_view text) {
  const auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 32 && is_word(text.front()) && is_word(text.back()) &&
         std::ranges::all_of(text, [&](char c) { return is_word(c) || c == '-'; });
}

bool is_cidr(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const auto address = text.substr(0, slash);
  const auto bits = text.substr(slash + 1);
  return (is_ip(address, AF_INET) && is_decimal_between(bits, 0, 32)) ||
         (is_ip(address, AF_INET6) && is_decimal_between(bits, 0, 128));
}

bool parse_acknowledge(std::string_view text, Acknowledge& into) {
  constexpr std::string_view middle = " of ";
  const auto at = text.find(middle);
  if (at == std::string_view::npos) return false;
  const auto needed = text.substr(0, at);
  const auto of = text.substr(at + middle.size());
  if (!is_decimal_between(needed, 1, 16) || !is_decimal_between(of, 1, 16)) return false;
  std::from_chars(needed.data(), needed.data() + needed.size(), into.needed);
  std::from_chars(of.data(), of.data() + of.size(), into.of);
  return into.needed <= into.of;
}

Setter boolean(Access<bool> access) {
  return [=](Config& config, const nlohmann::json& value) {
    if (!value.is_boolean()) return false;
    access(config) = value.get<bool>();
    return true;
  };
}

Setter text_that(bool (*is_valid)(std::string_view), Access<std::string> access) {
  return [=](Config& config, const nlohmann::json& value) {
    if (!value.is_string() || !is_valid(value.get_ref<const std::string&>())) return false;
    access(config) = value.get<std::string>();
    return true;
  };
}

Setter text_list_that(bool (*is_valid)(std::string_view), Access<std::vector<std::string>> access,
                      std::size_t fewest) {
  return [=](Config& config, const nlohmann::json& value) {
    if (!value.is_array() || value.size() < fewest) return false;
    std::vector<std::string> texts;
    for (const auto& entry : value) {
      if (!entry.is_string() || !is_valid(entry.get_ref<const std::string&>())) return false;
      texts.push_back(entry.get<std::string>());
    }
    access(config) = std::move(texts);
    return true;
  };
}

Setter path(Access<std::filesystem::path> access) {
  return [=](Config& config, const nlohmann::json& value) {
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) return false;
    access(config) = value.get<std::string>();
    return true;
  };
}

}  // namespace holdfast::app
