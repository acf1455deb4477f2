#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/base/result.h"

namespace holdfast {

/// Containers within containers that a JSON text may have; a stack-depth and work bound, far above any
/// request of ours.
constexpr std::size_t max_json_depth = 32;

/// Parses exactly one JSON text (RFC 8259) and nothing after it. Stricter than the library below it: no byte
/// order mark, no raw NUL (which nlohmann takes for the end of input), no duplicate keys (nlohmann keeps the
/// last), depth at most `max_json_depth`, no number beyond a double. Errors: `invalid_utf8`, otherwise
/// `invalid_json`. The caller bounds the size. This header only declares nlohmann's type: whoever touches a
/// value includes <nlohmann/json.hpp>.
Result<nlohmann::json> parse_json(BytesView text);

/// Compact text. Bytes that are not UTF-8 become U+FFFD: writing an answer never throws.
std::string to_json_text(const nlohmann::json& value);

/// Reads the fields of one JSON object and refuses those that nobody asked for. Like ByteReader it reads
/// straight through: after a wrong field the getters give empty values, and `finish` reports. Errors:
/// `unknown_field` (named; reported first, for it explains a missing one), `missing_field`, `invalid_field`
/// (named, with what was expected), `invalid_json` when the value is no object. For optional fields `null`
/// means absent. The value must outlive this.
class JsonFields {
 public:
  /// `path` prefixes field names in errors, for nested objects: "schema[2]."
  explicit JsonFields(const nlohmann::json& value, std::string path = {});

  std::string text(std::string_view name);
  std::optional<std::string> find_text(std::string_view name);
  /// Whole numbers in [least, most]; 1.0 is not one.
  std::int64_t number(std::string_view name, std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                      std::int64_t most = std::numeric_limits<std::int64_t>::max());
  std::optional<std::int64_t> find_number(std::string_view name,
                                          std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                                          std::int64_t most = std::numeric_limits<std::int64_t>::max());
  bool flag(std::string_view name);
  std::optional<bool> find_flag(std::string_view name);
  /// An array of strings.
  std::vector<std::string> texts(std::string_view name);
  std::optional<std::vector<std::string>> find_texts(std::string_view name);
  /// Null pointers when absent or not of that type.
  const nlohmann::json* object(std::string_view name);
  const nlohmann::json* find_object(std::string_view name);
  const nlohmann::json* array(std::string_view name);
  const nlohmann::json* find_array(std::string_view name);
  /// Any value, marked as asked for; a null pointer when absent.
  const nlohmann::json* find(std::string_view name);

  /// Accepts and ignores a field.
  void ignore(std::string_view name) { asked_.emplace(name); }
  /// Accepts whatever else is there, where a standard says so.
  void ignore_unknown() { refuse_unknown_ = false; }
  /// Records the caller's own refusal of a field: "<path><name> must be <expected>".
  void refuse(std::string_view name, std::string_view expected);

  [[nodiscard]] Result<> finish() const;

 private:
  template <class Check>
  const nlohmann::json* typed(std::string_view name, bool required, std::string_view expected, Check is_type);
  const nlohmann::json* number_value(std::string_view name, bool required, std::int64_t least,
                                     std::int64_t most);
  const nlohmann::json* texts_value(std::string_view name, bool required);

  const nlohmann::json* value_;
  std::string path_;
  std::set<std::string, std::less<>> asked_;
  std::optional<Error> first_error_;
  bool refuse_unknown_ = true;
};

}  // namespace holdfast
