#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::http {

/// One field line: the name as it was written, the value without surrounding white space.
struct Header {
  std::string name;
  std::string value;
};

/// An ordered list of header fields; names compare without regard to ASCII case. A request's headers are
/// frozen before its body is read: trailers never get in.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> fields) : fields_(fields) {}

  /// Adds a field line beside those that are there.
  Headers& add(std::string_view name, std::string_view value);
  /// Replaces every line of that name by one.
  Headers& set(std::string_view name, std::string_view value);
  void remove(std::string_view name);

  /// The first line of that name. Valid until the list changes.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return find(name).has_value(); }
  /// True if the comma-separated list of all lines of that name has the token, without regard to case.
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;

  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }
  [[nodiscard]] std::size_t size() const { return fields_.size(); }

 private:
  std::vector<Header> fields_;
};

/// RFC 9110 §5.6.2.
bool is_token(std::string_view text);
/// What may stand in a field value (RFC 9110 §5.5): visible characters, space, tab and bytes from 0x80 on. No
/// CR, LF or other control character: a value that passes cannot split a message.
bool is_field_value(std::string_view text);

}  // namespace holdfast::http
