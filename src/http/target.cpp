#include "holdfast/http/target.h"

#include <algorithm>
#include <array>

#include "holdfast/base/text.h"

namespace holdfast::http {
namespace {

constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

constexpr std::array<bool, 256> table_of(std::string_view characters) {
  std::array<bool, 256> table{};
  for (const char c : unreserved) table[static_cast<unsigned char>(c)] = true;
  for (const char c : characters) table[static_cast<unsigned char>(c)] = true;
  return table;
}

constexpr auto unreserved_table = table_of("");
// RFC 3986 §3.3 and §3.4: sub-delims, ":", "@", "/" and, in a query, "?". "%" starts an escape.
constexpr auto path_table = table_of("!$&'()*+,;=:@/%");
constexpr auto query_table = table_of("!$&'()*+,;=:@/%?");

bool only(std::string_view text, const std::array<bool, 256>& table) {
  return std::ranges::all_of(text, [&](char c) { return table[static_cast<unsigned char>(c)]; });
}

int escape_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// `.` or `..` as a segment of a decoded path. An escaped slash counts as one here: some proxies decode it.
bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    const auto slash = std::min(path.find('/'), path.size());
    const auto segment = path.substr(0, slash);
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return false;
}

std::unexpected<Error> bad_target(std::string message) {
  return fail(ErrorKind::invalid, "invalid_request", std::move(message));
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  const bool has_plus = plus_is_space && text.contains('+');
  if (!has_plus && !text.contains('%')) return std::string(text);
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+' && plus_is_space) {
      decoded.push_back(' ');
    } else if (text[at] != '%') {
      decoded.push_back(text[at]);
    } else {
      const int high = at + 2 < text.size() ? escape_digit(text[at + 1]) : -1;
      const int low = at + 2 < text.size() ? escape_digit(text[at + 2]) : -1;
      if (high < 0 || low < 0) return bad_target("a broken percent escape");
      if (high == 0 && low == 0) return bad_target("an escaped NUL");
      decoded.push_back(static_cast<char>(high << 4 | low));
      at += 2;
    }
  }
  return decoded;
}

std::string percent_encode(std::string_view text, std::string_view keep) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (unreserved_table[byte] || keep.find(c) != std::string_view::npos) {
      encoded.push_back(c);
    } else {
      encoded.append({'%', digits[byte >> 4U], digits[byte & 15U]});
    }
  }
  return encoded;
}

Result<Params> Params::parse(std::string_view text) {
  Params params;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    TRY(auto name, percent_decode(pair.substr(0, equals), true));
    TRY(auto value, percent_decode(pair.substr(std::min(equals + 1, pair.size())), true));
    if (!is_utf8(name) || !is_utf8(value) || name.contains('\0') || value.contains('\0')) {
      return fail(ErrorKind::invalid, "invalid_utf8", "a parameter is not valid UTF-8");
    }
    params.values_.emplace_back(std::move(name), std::move(value));
  }
  return params;
}

std::optional<std::string_view> Params::find(std::string_view name) const {
  const auto found = std::ranges::find(values_, name, &std::pair<std::string, std::string>::first);
  return found == values_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

std::size_t Params::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count(values_, name, &std::pair<std::string, std::string>::first));
}

std::optional<std::string_view> Params::repeated() const {
  std::vector<std::string_view> names;
  names.reserve(values_.size());
  for (const auto& [name, value] : values_) names.emplace_back(name);
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  return twice == names.end() ? std::nullopt : std::optional(*twice);
}

Result<Target> parse_target(std::string_view raw) {
  if (!raw.starts_with('/')) return bad_target("the request target must be a path");
  const auto mark = std::min(raw.find('?'), raw.size());
  Target target;
  target.raw = raw;
  target.raw_path = raw.substr(0, mark);
  target.raw_query = raw.substr(std::min(mark + 1, raw.size()));
  if (!only(target.raw_path, path_table) || !only(target.raw_query, query_table)) {
    return bad_target("a character in the request target must be percent-escaped");
  }
  TRY(target.path, percent_decode(target.raw_path));
  if (!is_utf8(target.path)) return fail(ErrorKind::invalid, "invalid_utf8", "the path is not valid UTF-8");
  if (has_dot_segment(target.path)) return bad_target("the path has a '.' or '..' segment");
  TRY(target.query, Params::parse(target.raw_query));
  return target;
}

}  // namespace holdfast::http
