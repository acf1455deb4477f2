// JSON as strangers send it. What is accepted is bounded in depth, is UTF-8, and survives being printed and
// read again; whatever the fields of a request are, reading them ends in values within their bounds or in a
// refusal.
#include "holdfast/base/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fuzz.h"
#include "holdfast/base/json_writer.h"
#include "holdfast/base/text.h"

namespace {

using namespace holdfast;
using fuzz::require;

std::size_t depth_of(const nlohmann::json& value) {
  std::size_t deepest = 0;
  for (const auto& inner : value) {
    if (inner.is_structured()) deepest = std::max(deepest, depth_of(inner));
  }
  return value.is_structured() ? deepest + 1 : 0;
}

void check_fields(const nlohmann::json& value) {
  JsonFields fields(value, "body.");
  const auto name = fields.text("name");
  const auto count = fields.find_number("count", -5, 1000);
  const auto flag = fields.find_flag("flag");
  const auto texts = fields.find_texts("texts");
  const auto* const inner = fields.find_object("inner");
  const auto* const list = fields.find_array("list");
  if (!fields.finish()) return;
  require(value.is_object() && is_utf8(name) && value.at("name") == name);
  require(!count || (*count >= -5 && *count <= 1000 && value.at("count") == *count));
  require(!flag || value.at("flag") == *flag);
  require(!texts || value.at("texts") == *texts);
  require((inner == nullptr || inner->is_object()) && (list == nullptr || list->is_array()));
  // Nothing was there that nobody asked for.
  require(value.size() <= 6);
}

/// Our own writer says what the library's says; of any bytes it makes text that is read again.
void check_string(BytesView input) {
  std::string text;
  append_json_string(text, input);
  if (is_utf8(input)) require(text == nlohmann::json(std::string(input)).dump());
  const auto again = parse_json(text);
  require(again.has_value() && again->is_string());
  require(!is_utf8(input) || again->get<std::string>() == input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto input = fuzz::input_of(data, size);
  check_string(input);
  const auto value = parse_json(input);
  if (!value) {
    require(value.error().kind == ErrorKind::invalid);
    return 0;
  }
  require(is_utf8(input) && depth_of(*value) <= max_json_depth);
  const auto text = to_json_text(*value);
  require(text == value->dump());
  const auto again = parse_json(text);
  require(again.has_value() && *again == *value && to_json_text(*again) == text);
  check_fields(*value);
  return 0;
}
