#include "holdfast/objects/object_rules.h"

#include <algorithm>
#include <array>

#include "holdfast/base/control_characters.h"
#include "holdfast/base/encoding.h"
#include "holdfast/base/text.h"

namespace holdfast::objects {
namespace {

using namespace std::string_view_literals;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_bucket_edge(char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// RFC 9110 §5.6.2, lower case.
bool is_lower_token_char(char c) { return is_bucket_edge(c) || "!#$%&'*+-.^_`|~"sv.contains(c); }

bool looks_like_ipv4(std::string_view name) {
  return std::ranges::count(name, '.') == 3 &&
         std::ranges::all_of(name, [](char c) { return is_digit(c) || c == '.'; });
}

// The two code points that XML 1.0 §2.2 leaves out of the basic plane.
bool has_noncharacter(std::string_view text) {
  return text.find("\xef\xbf\xbe") != std::string_view::npos ||
         text.find("\xef\xbf\xbf") != std::string_view::npos;
}

}  // namespace

Result<> check_bucket_name(std::string_view name) {
  const bool shaped =
      name.size() >= 3 && name.size() <= 63 && is_bucket_edge(name.front()) && is_bucket_edge(name.back()) &&
      name.find("..") == std::string_view::npos &&
      std::ranges::all_of(name, [](char c) { return is_bucket_edge(c) || c == '.' || c == '-'; }) &&
      !looks_like_ipv4(name);
  if (shaped) return {};
  return fail(ErrorKind::invalid, "invalid_bucket_name",
              "a bucket name has 3 to 63 lower-case letters, digits, dots and dashes, begins and ends with a "
              "letter or "
              "digit and is not an IP address");
}

Result<> check_object_key(std::string_view key) {
  if (key.size() > max_object_key_bytes) {
    return fail(ErrorKind::invalid, "key_too_long", "an object key has at most 1024 bytes");
  }
  if (key.empty() || !is_utf8(key) || has_control_character(key) || has_noncharacter(key)) {
    return fail(ErrorKind::invalid, "invalid_key", "an object key is UTF-8 text without control characters");
  }
  return {};
}

Result<> check_user_metadata(const UserMetadata& metadata) {
  std::size_t total = 0;
  for (std::size_t i = 0; i < metadata.size(); ++i) {
    const auto& [name, value] = metadata[i];
    total += name.size() + value.size();
    if (name.empty() || !std::ranges::all_of(name, is_lower_token_char) ||
        std::ranges::any_of(value, is_control)) {
      return fail(ErrorKind::invalid, "invalid_metadata",
                  "a metadata name or value has characters that headers cannot carry");
    }
    const bool repeated = std::any_of(metadata.begin(), metadata.begin() + static_cast<std::ptrdiff_t>(i),
                                      [&](const auto& earlier) { return earlier.first == name; });
    if (repeated) return fail(ErrorKind::invalid, "invalid_metadata", "a metadata name is given twice");
  }
  if (total > max_metadata_bytes) {
    return fail(ErrorKind::invalid, "metadata_too_large",
                "user metadata has at most 2048 bytes, names included");
  }
  return {};
}

Result<> check_content_type(std::string_view content_type) {
  const auto printable = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (content_type.size() <= max_content_type_bytes && std::ranges::all_of(content_type, printable))
    return {};
  return fail(ErrorKind::invalid, "invalid_content_type",
              "Content-Type is at most 256 printable ASCII characters");
}

std::string etag_of(const Object& object) { return '"' + to_hex(object.md5) + '"'; }

Result<> check_may_replace(const Object& existing, const Caller& caller) {
  if (caller.administrator || (!caller.subject.empty() && caller.subject == existing.owner)) return {};
  return fail(ErrorKind::forbidden, "forbidden",
              "only the object's owner or an administrator may overwrite or delete it");
}

bool is_shown_in_place(std::string_view content_type) {
  constexpr std::array images{"image/png"sv,  "image/jpeg"sv, "image/gif"sv,
                              "image/webp"sv, "image/avif"sv, "image/bmp"sv};
  // Some browsers take a header with a comma for several values, of which the last one counts.
  if (content_type.contains(',')) return false;
  const auto type = to_lower_ascii(trim(content_type.substr(0, content_type.find(';'))));
  return type.starts_with("audio/") || type.starts_with("video/") ||
         std::ranges::find(images, type) != images.end();
}

}  // namespace holdfast::objects
