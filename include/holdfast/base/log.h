#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "holdfast/base/error.h"

namespace holdfast::log {

enum class Level : std::uint8_t { debug, info, warn, error };
enum class Format : std::uint8_t { text, json };

/// One named value of a log line. Values are escaped, so that no CR, LF or control character reaches the log
/// raw.
struct Field {
  Field(std::string_view field_name, std::string_view value) : name(field_name), text(value) {}
  Field(std::string_view field_name, const char* value) : name(field_name), text(value) {}
  Field(std::string_view field_name, const std::string& value) : name(field_name), text(value) {}
  template <class Number>
    requires std::is_arithmetic_v<Number>
  Field(std::string_view field_name, Number value)
      : name(field_name), text(std::to_string(value)), is_number(true) {}

  std::string_view name;
  std::string text;
  bool is_number = false;
};
using Fields = std::initializer_list<Field>;

/// Whose work a line tells of: lines of a request's work carry its id as `requestId`, however deep they are
/// written. The id travels by value beside what the request asks for (Actor, Origin, Transaction…): a
/// thread-local would be another request's after a suspension. The rooms that work for requests give this
/// with every line (tests/architecture checks it); empty for what no request asked for.
struct For {
  std::string_view request_id;
};
inline constexpr For own_work{};

/// Sends lines to standard error in `format`, from `minimum` on. Without a call: text, from info on.
void configure(Format format, Level minimum);

/// Writes one line. Thread-safe. Never pass secrets, personal data or raw request paths.
void write(Level level, For whose, std::string_view message, Fields fields = {});
inline void write(Level level, std::string_view message, Fields fields = {}) {
  write(level, own_work, message, fields);
}

inline void debug(std::string_view message, Fields fields = {}) { write(Level::debug, message, fields); }
inline void info(std::string_view message, Fields fields = {}) { write(Level::info, message, fields); }
inline void warn(std::string_view message, Fields fields = {}) { write(Level::warn, message, fields); }
inline void error(std::string_view message, Fields fields = {}) { write(Level::error, message, fields); }
/// An error with its whole description, the log-only detail included.
void error(For whose, std::string_view message, const Error& error);
inline void error(std::string_view message, const Error& error) { log::error(own_work, message, error); }

inline void info(For whose, std::string_view message, Fields fields = {}) {
  write(Level::info, whose, message, fields);
}
inline void warn(For whose, std::string_view message, Fields fields = {}) {
  write(Level::warn, whose, message, fields);
}
inline void error(For whose, std::string_view message, Fields fields = {}) {
  write(Level::error, whose, message, fields);
}

}  // namespace holdfast::log
