#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast {

/// One string as JSON, quotes included. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);
/// Compact text, as base/json.h makes it of values whose members are sorted.
std::string to_json_text(const nlohmann::ordered_json& value);

/// Writes one JSON text from its start to its end, without building a value first: for the few answers that
/// are asked for most. Commas are its business, what belongs where is the caller's. Text that is not UTF-8
/// becomes U+FFFD, as in to_json_text.
class JsonWriter {
 public:
  JsonWriter& open_object();
  JsonWriter& close_object();
  JsonWriter& open_array();
  JsonWriter& close_array();
  /// The name of an object's next member.
  JsonWriter& name(std::string_view name);
  JsonWriter& text(std::string_view value);
  /// Text, or null when it is empty.
  JsonWriter& text_or_null(std::string_view value);
  JsonWriter& number(std::uint64_t value);
  JsonWriter& signed_number(std::int64_t value);
  JsonWriter& flag(bool value);

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  JsonWriter& separate();
  JsonWriter& close(char with);

  std::string out_;
  bool first_ = true;  ///< nothing yet in the innermost open container, or a name just before
};

}  // namespace holdfast
