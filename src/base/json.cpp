#include "holdfast/base/json.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "holdfast/base/json_writer.h"
#include "holdfast/base/text.h"

namespace holdfast {
namespace {

using Json = nlohmann::json;

/// Builds the value from the parser's events and stops at the first thing that we do not accept.
class JsonBuilder final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return place(nullptr); }
  bool boolean(bool value) override { return place(value); }
  bool number_integer(number_integer_t value) override { return place(value); }
  bool number_unsigned(number_unsigned_t value) override { return place(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return place(value); }
  bool string(string_t& value) override { return place(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return refuse("binary value"); }

  bool start_object(std::size_t /*size*/) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t /*size*/) override { return open(Json::array()); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    const auto [slot, is_new] = open_.back()->emplace(name, nullptr);
    slot_ = &*slot;
    return is_new || refuse("the same key twice in one object");
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const Json::exception& /*error*/) override {
    return refuse("syntax error at byte " + std::to_string(position));
  }

  [[nodiscard]] Json take() { return std::move(root_); }
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

 private:
  Json* put(Json value) {
    if (open_.empty()) return &(root_ = std::move(value));
    if (open_.back()->is_array()) return &open_.back()->emplace_back(std::move(value));
    return &(*slot_ = std::move(value));
  }
  bool place(Json value) {
    put(std::move(value));
    return true;
  }
  bool open(Json container) {
    if (open_.size() == max_json_depth) return refuse("nested too deeply");
    open_.push_back(put(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  bool refuse(std::string why) {
    refusal_ = std::move(why);
    return false;
  }

  Json root_;
  std::vector<Json*> open_;  // an open container is never moved: its parent grows only after it is closed
  Json* slot_ = nullptr;
  std::string refusal_;
};

/// Whether a character needs no look at its neighbours and no escape.
constexpr bool stands_for_itself(char c) {
  const auto code = static_cast<unsigned char>(c);
  return code >= 0x20 && code < 0x80 && c != '"' && c != '\\';
}

/// What nlohmann's dump writes, several times as fast: that one decodes each byte of each string, and our
/// answers are mostly tokens.
template <class Value>
void append_json(std::string& out, const Value& value) {
  const auto* separator = "";
  if (value.is_string()) {
    append_json_string(out, value.template get_ref<const std::string&>());
  } else if (value.is_object()) {
    out.push_back('{');
    for (auto member = value.begin(); member != value.end(); ++member) {
      out.append(std::exchange(separator, ","));
      append_json_string(out, member.key());
      out.push_back(':');
      append_json(out, member.value());
    }
    out.push_back('}');
  } else if (value.is_array()) {
    out.push_back('[');
    for (const auto& element : value) {
      out.append(std::exchange(separator, ","));
      append_json(out, element);
    }
    out.push_back(']');
  } else if (value.is_number_unsigned()) {
    out.append(std::to_string(value.template get<std::uint64_t>()));
  } else if (value.is_number_integer()) {
    out.append(std::to_string(value.template get<std::int64_t>()));
  } else {
    out.append(value.dump());
  }
}

/// A client's field name as it may be shown: bounded, cut between characters.
std::string shown_name(std::string_view name) {
  constexpr std::size_t most = 64;
  if (name.size() <= most) return std::string(name);
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0U) == 0x80U) --end;
  return std::string(name.substr(0, end)) + "…";
}

}  // namespace

Result<nlohmann::json> parse_json(BytesView text) {
  if (!is_utf8(text)) return fail(ErrorKind::invalid, "invalid_utf8", "the JSON text is not valid UTF-8");
  if (text.starts_with("\xef\xbb\xbf") || text.find('\0') != BytesView::npos) {
    return fail(ErrorKind::invalid, "invalid_json", "not valid JSON: byte order mark or NUL");
  }
  JsonBuilder builder;
  if (!Json::sax_parse(text, &builder)) {
    return fail(ErrorKind::invalid, "invalid_json", "not valid JSON: " + builder.refusal());
  }
  return builder.take();
}

void append_json_string(std::string& out, std::string_view text) {
  // No early end: so the compiler looks at many bytes at a time.
  unsigned odd = 0;
  for (const char c : text) odd |= stands_for_itself(c) ? 0U : 1U;
  if (odd != 0) {
    out.append(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace));
    return;
  }
  out.push_back('"');
  out.append(text).push_back('"');
}

std::string to_json_text(const nlohmann::json& value) {
  std::string out;
  append_json(out, value);
  return out;
}

std::string to_json_text(const nlohmann::ordered_json& value) {
  std::string out;
  append_json(out, value);
  return out;
}

JsonFields::JsonFields(const nlohmann::json& value, std::string path)
    : value_(&value), path_(std::move(path)) {
  if (value.is_object()) return;
  const std::string what = path_.empty() ? "the body" : path_.substr(0, path_.size() - 1);
  first_error_ = Error{ErrorKind::invalid, "invalid_json", what + " must be a JSON object", {}};
}

const nlohmann::json* JsonFields::find(std::string_view name) {
  asked_.emplace(name);
  if (!value_->is_object()) return nullptr;
  const auto found = value_->find(name);
  return found == value_->end() || found->is_null() ? nullptr : &*found;
}

void JsonFields::refuse(std::string_view name, std::string_view expected) {
  if (first_error_) return;
  std::string message = path_ + std::string(name) + " must be " + std::string(expected);
  first_error_ = Error{ErrorKind::invalid, "invalid_field", std::move(message), {}};
}

template <class Check>
const nlohmann::json* JsonFields::typed(std::string_view name, bool required, std::string_view expected,
                                        Check is_type) {
  const Json* found = find(name);
  if (found == nullptr) {
    if (required && !first_error_) {
      std::string message = path_ + std::string(name) + " is missing: " + std::string(expected);
      first_error_ = Error{ErrorKind::invalid, "missing_field", std::move(message), {}};
    }
    return nullptr;
  }
  if (is_type(*found)) return found;
  refuse(name, expected);
  return nullptr;
}

const nlohmann::json* JsonFields::number_value(std::string_view name, bool required, std::int64_t least,
                                               std::int64_t most) {
  constexpr auto highest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::string expected = "a whole number";
  if (least != std::numeric_limits<std::int64_t>::min() || most != std::numeric_limits<std::int64_t>::max()) {
    expected += " from " + std::to_string(least) + " to " + std::to_string(most);
  }
  return typed(name, required, expected, [&](const Json& value) {
    if (!value.is_number_integer()) return false;
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > highest) return false;
    const auto number = value.get<std::int64_t>();
    return number >= least && number <= most;
  });
}

const nlohmann::json* JsonFields::texts_value(std::string_view name, bool required) {
  return typed(name, required, "an array of strings", [](const Json& value) {
    return value.is_array() && std::ranges::all_of(value, [](const Json& item) { return item.is_string(); });
  });
}

std::string JsonFields::text(std::string_view name) {
  const Json* found = typed(name, true, "a string", std::mem_fn(&Json::is_string));
  return found == nullptr ? std::string() : found->get<std::string>();
}

std::optional<std::string> JsonFields::find_text(std::string_view name) {
  const Json* found = typed(name, false, "a string", std::mem_fn(&Json::is_string));
  return found == nullptr ? std::nullopt : std::optional(found->get<std::string>());
}

std::int64_t JsonFields::number(std::string_view name, std::int64_t least, std::int64_t most) {
  const Json* found = number_value(name, true, least, most);
  return found == nullptr ? 0 : found->get<std::int64_t>();
}

std::optional<std::int64_t> JsonFields::find_number(std::string_view name, std::int64_t least,
                                                    std::int64_t most) {
  const Json* found = number_value(name, false, least, most);
  return found == nullptr ? std::nullopt : std::optional(found->get<std::int64_t>());
}

bool JsonFields::flag(std::string_view name) {
  const Json* found = typed(name, true, "true or false", std::mem_fn(&Json::is_boolean));
  return found != nullptr && found->get<bool>();
}

std::optional<bool> JsonFields::find_flag(std::string_view name) {
  const Json* found = typed(name, false, "true or false", std::mem_fn(&Json::is_boolean));
  return found == nullptr ? std::nullopt : std::optional(found->get<bool>());
}

std::vector<std::string> JsonFields::texts(std::string_view name) {
  const Json* found = texts_value(name, true);
  return found == nullptr ? std::vector<std::string>() : found->get<std::vector<std::string>>();
}

std::optional<std::vector<std::string>> JsonFields::find_texts(std::string_view name) {
  const Json* found = texts_value(name, false);
  return found == nullptr ? std::nullopt : std::optional(found->get<std::vector<std::string>>());
}

const nlohmann::json* JsonFields::object(std::string_view name) {
  return typed(name, true, "an object", std::mem_fn(&Json::is_object));
}
const nlohmann::json* JsonFields::find_object(std::string_view name) {
  return typed(name, false, "an object", std::mem_fn(&Json::is_object));
}
const nlohmann::json* JsonFields::array(std::string_view name) {
  return typed(name, true, "an array", std::mem_fn(&Json::is_array));
}
const nlohmann::json* JsonFields::find_array(std::string_view name) {
  return typed(name, false, "an array", std::mem_fn(&Json::is_array));
}

Result<> JsonFields::finish() const {
  if (refuse_unknown_ && value_->is_object()) {
    for (const auto& [name, value] : value_->items()) {
      if (asked_.contains(name)) continue;
      return fail(ErrorKind::invalid, "unknown_field", "unknown field: " + path_ + shown_name(name));
    }
  }
  if (first_error_) return fail(*first_error_);
  return {};
}

}  // namespace holdfast
