#include "response_head.h"

#include <optional>

#include "holdfast/base/text.h"
#include "request_head.h"

namespace holdfast::http {
namespace {

bool is_decimal(char c) { return c >= '0' && c <= '9'; }

EdgeResult<> check_status_line(BytesView line) {
  const bool known = line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ");
  const bool code = line.size() >= 12 && is_decimal(line[9]) && is_decimal(line[10]) && is_decimal(line[11]);
  if (!known || !code || line[9] == '0' || (line.size() > 12 && line[12] != ' ')) {
    return refuse_malformed("a malformed status line");
  }
  return {};
}

}  // namespace

EdgeResult<> check_response_head(BytesView bytes) {
  if (!bytes.ends_with("\r\n\r\n")) return refuse_malformed("the response head is incomplete");
  bytes.remove_suffix(2);
  if (auto line = check_status_line(take_line(bytes)); !line) return line;
  bool has_length = false;
  while (!bytes.empty()) {
    const auto field = check_field_line(take_line(bytes));
    if (!field) return std::unexpected(field.error());
    const bool coding = equals_ignoring_ascii_case(field->name, "Transfer-Encoding");
    if (!coding && !equals_ignoring_ascii_case(field->name, "Content-Length")) continue;
    if (has_length) return refuse_malformed("more than one length");
    has_length = true;
    if (coding && field->value != "chunked") return refuse_malformed("an unknown transfer coding");
    if (!coding && !parse_content_length(field->value)) return refuse_malformed("a malformed Content-Length");
  }
  return {};
}

}  // namespace holdfast::http
