#include "holdfast/oidc/parameters.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::oidc {
namespace {

constexpr std::size_t max_parameters = 64;

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::unexpected<Error> invalid_request(std::string message) {
  return fail(ErrorKind::invalid, "invalid_request", std::move(message));
}

}  // namespace

std::optional<std::string> decode_form_text(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+') {
      decoded.push_back(' ');
    } else if (text[at] != '%') {
      decoded.push_back(text[at]);
    } else {
      const auto high = at + 2 < text.size() ? hex_digit(text[at + 1]) : std::nullopt;
      const auto low = at + 2 < text.size() ? hex_digit(text[at + 2]) : std::nullopt;
      if (!high || !low) return std::nullopt;
      decoded.push_back(static_cast<char>(*high << 4U | *low));
      at += 2;
    }
  }
  if (!is_utf8(decoded) || decoded.contains('\0')) return std::nullopt;
  return decoded;
}

Result<Parameters> Parameters::parse(std::string_view form) {
  Parameters parameters;
  while (!form.empty()) {
    const auto end = std::min(form.find('&'), form.size());
    const std::string_view pair = form.substr(0, end);
    form.remove_prefix(std::min(end + 1, form.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    const auto name = decode_form_text(pair.substr(0, equals));
    const auto value = decode_form_text(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value) return invalid_request("the body is not application/x-www-form-urlencoded");
    if (!parameters.values_.emplace(*name, *value).second)
      return invalid_request("a parameter is there twice");
    if (parameters.values_.size() > max_parameters) return invalid_request("too many parameters");
  }
  std::erase_if(parameters.values_, [](const auto& parameter) { return parameter.second.empty(); });
  return parameters;
}

std::optional<std::string_view> Parameters::find(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

Result<std::string> Parameters::get(std::string_view name) const {
  const auto found = find(name);
  if (!found) return invalid_request("parameter " + std::string(name) + " is missing");
  return std::string(*found);
}

}  // namespace holdfast::oidc
