#include "holdfast/http/headers.h"

#include <algorithm>
#include <array>

#include "holdfast/base/control_characters.h"
#include "holdfast/base/text.h"

namespace holdfast::http {
namespace {

constexpr std::array<bool, 256> token_characters = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789"))
    table[static_cast<unsigned char>(c)] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  return table;
}();

}  // namespace

Headers& Headers::add(std::string_view name, std::string_view value) {
  if (fields_.empty()) fields_.reserve(12);  // what a request or an answer has, as a rule
  fields_.push_back({std::string(name), std::string(value)});
  return *this;
}

Headers& Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  return add(name, value);
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Header& field) { return equals_ignoring_ascii_case(field.name, name); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Header& field : fields_) {
    if (equals_ignoring_ascii_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      fields_, [&](const Header& field) { return equals_ignoring_ascii_case(field.name, name); }));
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
  for (const Header& field : fields_) {
    if (!equals_ignoring_ascii_case(field.name, name)) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      if (equals_ignoring_ascii_case(trim(rest.substr(0, comma)), token)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return token_characters[static_cast<unsigned char>(c)]; });
}

bool is_field_value(std::string_view text) {
  text.remove_prefix(plain_run(text));
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

}  // namespace holdfast::http
