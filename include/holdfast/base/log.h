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

/// Sends lines to standard error in `format`, from `minimum` on. Without a call: text, from info on.
void configure(Format format, Level minimum);

/// Writes one line. Thread-safe. Never pass secrets, personal data or raw request paths.
void write(Level level, std::string_view message, Fields fields = {});

inline void debug(std::string_view message, Fields fields = {}) { write(Level::debug, message, fields); }
inline void info(std::string_view message, Fields fields = {}) { write(Level::info, message, fields); }
inline void warn(std::string_view message, Fields fields = {}) { write(Level::warn, message, fields); }
inline void error(std::string_view message, Fields fields = {}) { write(Level::error, message, fields); }
/// An error with its whole description, the log-only detail included.
void error(std::string_view message, const Error& error);

}  // namespace holdfast::log
