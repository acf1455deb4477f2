#include "answer_text.h"

#include <array>
#include <charconv>

namespace holdfast::http {
namespace {

constexpr std::size_t usual_line_bytes = 48;

void append_decimal(std::string& text, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  text.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void append_line(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool is_small(const Response& response) {
  return response.stream == nullptr && response.body.size() <= max_joined_body_bytes;
}

std::string answer_text(const Response& response, const ResponsePlan& plan, bool http_1_0, WallTime now) {
  const BytesView body = plan.with_body && is_small(response) ? BytesView(response.body) : BytesView();
  std::string text;
  text.reserve((response.headers.size() + 4) * usual_line_bytes + body.size());
  text.append(http_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ");
  append_decimal(text, static_cast<std::uint64_t>(response.status));
  text.append(" ").append(reason_of(response.status)).append("\r\n");
  append_line(text, "Date", http_date_now(now));
  for (const Header& field : response.headers) {
    if (!is_owned_by_plan(field.name)) append_line(text, field.name, field.value);
  }
  if (plan.length) {
    text.append("Content-Length: ");
    append_decimal(text, *plan.length);
    text.append("\r\n");
  }
  if (!plan.keep_alive) {
    append_line(text, "Connection", "close");
  } else if (http_1_0) {
    append_line(text, "Connection", "keep-alive");
  }
  text.append("\r\n").append(body);
  return text;
}

}  // namespace holdfast::http
