#include "response_parser.h"

#include <utility>

#include "request_head.h"

namespace holdfast::http {
namespace {

bool is_decimal(char c) { return c >= '0' && c <= '9'; }

EdgeResult<> read_response_framing(ResponseHead& head, Method method) {
  const auto encoding = head.headers.find("Transfer-Encoding");
  const auto length = head.headers.find("Content-Length");
  if (head.headers.count("Transfer-Encoding") > 1 || head.headers.count("Content-Length") > 1 ||
      (encoding && length)) {
    return refuse_malformed("more than one length");
  }
  if (encoding && *encoding != "chunked") return refuse_malformed("an unknown transfer coding");
  const auto size = parse_content_length(length.value_or("0"));
  if (!size) return refuse_malformed("a malformed Content-Length");
  if (method == Method::head || head.status < 200 || head.status == 204 || head.status == 304) return {};
  head.framing = {.chunked = encoding.has_value(), .until_close = !encoding && !length, .length = *size};
  if (head.framing.until_close) head.keep_alive = false;
  return {};
}

}  // namespace

EdgeResult<ResponseHead> parse_response_head(BytesView bytes, Method method) {
  ResponseHead head;
  if (!bytes.ends_with("\r\n\r\n")) return refuse_malformed("the response head is incomplete");
  bytes.remove_suffix(2);
  const auto end = bytes.find("\r\n");
  const auto line = bytes.substr(0, end);
  const bool known = line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ");
  const bool code = line.size() >= 12 && is_decimal(line[9]) && is_decimal(line[10]) && is_decimal(line[11]);
  if (!known || !code || line[9] == '0' || (line.size() > 12 && line[12] != ' ')) {
    return refuse_malformed("a malformed status line");
  }
  head.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  auto fields = parse_fields(bytes.substr(end + 2));
  if (!fields) return std::unexpected(fields.error());
  head.headers = *std::move(fields);
  head.keep_alive = line[7] == '1' && !head.headers.has_token("Connection", "close");
  if (auto framing = read_response_framing(head, method); !framing) return std::unexpected(framing.error());
  return head;
}

}  // namespace holdfast::http
