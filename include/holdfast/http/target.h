#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "holdfast/base/result.h"

namespace holdfast::http {

/// Decodes %HH strictly: a broken escape or an escaped NUL is `invalid_request`. `plus_is_space` for forms
/// and queries.
Result<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
/// Escapes everything but RFC 3986 unreserved characters and those in `keep` (for a path: "/").
std::string percent_encode(std::string_view text, std::string_view keep = {});

/// Names and values of a query or of an application/x-www-form-urlencoded body, decoded, in their order.
class Params {
 public:
  /// Strict: broken escapes and escaped NULs are `invalid_request`, decoded bytes that are not UTF-8
  /// `invalid_utf8`.
  static Result<Params> parse(std::string_view text);

  /// The first of that name; names are case-sensitive.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  /// The first name that occurs twice, for RFC 6749 §3.1 ("parameters MUST NOT be included more than once").
  [[nodiscard]] std::optional<std::string_view> repeated() const;
  [[nodiscard]] auto begin() const { return values_.begin(); }
  [[nodiscard]] auto end() const { return values_.end(); }
  [[nodiscard]] std::size_t size() const { return values_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// A request target in origin form (RFC 9112 §3.2.1), taken apart and never normalised.
struct Target {
  std::string raw;  ///< exactly as sent
  std::string
      raw_path;  ///< up to the question mark, exactly as sent: what signatures and object keys are made of
  std::string raw_query;  ///< after the question mark
  std::string path;       ///< raw_path percent-decoded; valid UTF-8 without NUL
  Params query;
};

/// Refused as `invalid_request`: other forms (absolute, authority, asterisk), characters outside RFC 3986, a
/// fragment, broken escapes, an escaped NUL, and `.` or `..` as a path segment, plain or escaped: any client
/// library or proxy on the way may remove those, so what they address is not certain. `invalid_utf8` when the
/// decoded bytes are not UTF-8.
Result<Target> parse_target(std::string_view raw);

}  // namespace holdfast::http
