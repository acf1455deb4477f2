#include "holdfast/base/json_writer.h"

namespace holdfast {

JsonWriter& JsonWriter::separate() {
  if (!first_) out_.push_back(',');
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::open_object() {
  separate();
  out_.push_back('{');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::open_array() {
  separate();
  out_.push_back('[');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close(char with) {
  out_.push_back(with);
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::close_object() { return close('}'); }
JsonWriter& JsonWriter::close_array() { return close(']'); }

JsonWriter& JsonWriter::name(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_.push_back(':');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  separate();
  append_json_string(out_, value);
  return *this;
}

JsonWriter& JsonWriter::text_or_null(std::string_view value) {
  if (!value.empty()) return text(value);
  separate();
  out_.append("null");
  return *this;
}

JsonWriter& JsonWriter::number(std::uint64_t value) {
  separate();
  out_.append(std::to_string(value));
  return *this;
}

JsonWriter& JsonWriter::signed_number(std::int64_t value) {
  separate();
  out_.append(std::to_string(value));
  return *this;
}

JsonWriter& JsonWriter::flag(bool value) {
  separate();
  out_.append(value ? "true" : "false");
  return *this;
}

}  // namespace holdfast
