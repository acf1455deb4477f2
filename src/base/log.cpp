#include "holdfast/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

#include "holdfast/base/clock.h"
#include "holdfast/base/text.h"

namespace holdfast::log {
namespace {

std::atomic<Format> current_format = Format::text;
std::atomic<Level> current_minimum = Level::info;

spdlog::logger& sink() {
  static const auto logger = [] {
    auto made =
        std::make_shared<spdlog::logger>("holdfast", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  return "error";
}

// Texts of peers and of other libraries may be anything; a line is UTF-8 (RFC 8259 §8.1) without any control
// character: also those of U+0080–U+009F, C2 80 to C2 9F, move a terminal's cursor.
void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr unsigned char first_of_c1 = 0xc2;
  const bool valid = is_utf8(text);
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto byte = static_cast<unsigned char>(text[at]);
    bool is_control = byte < 0x20 || byte == 0x7f;
    if (valid && byte == first_of_c1 && static_cast<unsigned char>(text[at + 1]) < 0xa0) {
      byte = static_cast<unsigned char>(text[++at]);
      is_control = true;
    }
    if (is_control) {
      out.append("\\u00").append({digits[byte >> 4U], digits[byte & 15U]});
    } else if (byte == '"' || byte == '\\') {
      out.append({'\\', text[at]});
    } else if (byte >= 0x80 && !valid) {
      out.append("\\ufffd");
    } else {
      out.push_back(text[at]);
    }
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  append_escaped(out, text);
  out.push_back('"');
}

/// JSON has no word for what std::to_string says of an infinite number or of none.
bool is_json_number(const Field& field) {
  return field.is_number && field.text.find_first_not_of("0123456789.-") == std::string::npos;
}

constexpr std::string_view request_id_name = "requestId";

std::string json_line(Level level, For whose, std::string_view message, Fields fields) {
  std::string line = R"({"time":")" + to_rfc3339(system_clock().now()) + R"(","level":")";
  line.append(name_of(level)).append(R"(","message":)");
  append_quoted(line, message);
  for (const Field& field : fields) {
    line.append(",");
    append_quoted(line, field.name);
    line.append(":");
    if (is_json_number(field)) {
      line.append(field.text);
    } else {
      append_quoted(line, field.text);
    }
  }
  if (!whose.request_id.empty()) {
    line.append(",");
    append_quoted(line, request_id_name);
    line.append(":");
    append_quoted(line, whose.request_id);
  }
  return line.append("}");
}

std::string text_line(Level level, For whose, std::string_view message, Fields fields) {
  std::string line = to_rfc3339(system_clock().now()) + " ";
  line.append(name_of(level)).append(" ");
  append_escaped(line, message);
  for (const Field& field : fields) {
    line.append(" ").append(field.name).append("=");
    if (field.is_number) {
      line.append(field.text);
    } else {
      append_quoted(line, field.text);
    }
  }
  if (!whose.request_id.empty()) {
    line.append(" ").append(request_id_name).append("=");
    append_quoted(line, whose.request_id);
  }
  return line;
}

}  // namespace

void configure(Format format, Level minimum) {
  current_format = format;
  current_minimum = minimum;
}

void write(Level level, For whose, std::string_view message, Fields fields) {
  if (level < current_minimum.load(std::memory_order_relaxed)) return;
  sink().log(spdlog::level::info, spdlog::string_view_t("{}"),
             current_format == Format::json ? json_line(level, whose, message, fields)
                                            : text_line(level, whose, message, fields));
}

void error(For whose, std::string_view message, const Error& error) {
  write(Level::error, whose, message, {{"error", error.describe()}, {"code", error.code}});
}

}  // namespace holdfast::log
