#include "request_head.h"

#include <algorithm>
#include <utility>

#include "holdfast/base/text.h"

namespace holdfast::http {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the bytes before the next CRLF and skips it. HeadScanner has seen that there is one.
BytesView take_line(BytesView& rest) {
  const auto end = std::min(rest.find("\r\n"), rest.size());
  const BytesView line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 2, rest.size()));
  return line;
}

EdgeResult<> parse_version(std::string_view version, RequestHead& head) {
  if (version == "HTTP/1.1") return {};
  if (version == "HTTP/1.0") {
    head.http_1_0 = true;
    return {};
  }
  const bool other = version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) &&
                     version[6] == '.' && is_digit(version[7]);
  if (!other) return refuse_malformed("the request line is malformed");
  return refuse(505, "unsupported_version", "HTTP/1.0 and HTTP/1.1 are served");
}

EdgeResult<> parse_request_line(BytesView line, RequestHead& head) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == BytesView::npos || first == last) return refuse_malformed("the request line is malformed");
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  if (!is_token(method) || target.contains(' ')) return refuse_malformed("the request line is malformed");
  if (auto version = parse_version(line.substr(last + 1), head); !version) return version;
  const auto known = method_of(method);
  if (!known) return refuse(501, "unknown_method", "this method is not served");
  head.method = *known;
  auto parsed = parse_target(target);
  if (!parsed) return std::unexpected(EdgeError{400, std::move(parsed).error()});
  head.target = *std::move(parsed);
  return {};
}

/// Where more than one line would let two readers of the message choose differently.
EdgeResult<> check_singletons(RequestHead& head) {
  for (const std::string_view name :
       {"Host", "Content-Length", "Transfer-Encoding", "Authorization", "Content-Type", "Content-Encoding",
        "Expect", "Range", "X-Amz-Target", "Origin"}) {
    if (head.headers.count(name) > 1)
      return refuse_malformed("more than one " + std::string(name) + " header");
  }
  return {};
}

EdgeResult<> read_host(RequestHead& head) {
  const auto value = head.headers.find("Host");
  if (!value) return refuse_malformed("the Host header is missing");
  auto name = host_name_of(*value);
  if (!name) return refuse_malformed("the Host header is malformed");
  head.host = *std::move(name);
  return {};
}

/// RFC 9112 §6.3, without any of its leniencies.
EdgeResult<> read_framing(RequestHead& head) {
  const auto encoding = head.headers.find("Transfer-Encoding");
  const auto length = head.headers.find("Content-Length");
  if (encoding) {
    if (*encoding != "chunked") return refuse_malformed("Transfer-Encoding must be chunked");
    if (head.http_1_0) return refuse_malformed("HTTP/1.0 has no Transfer-Encoding");
    if (length) return refuse_malformed("Content-Length beside Transfer-Encoding");
    head.chunked = true;
  }
  if (length) {
    const auto size = parse_content_length(*length);
    if (!size) return refuse_malformed("Content-Length must be one decimal number");
    head.content_length = *size;
  }
  return {};
}

EdgeResult<> read_connection(RequestHead& head) {
  const bool close = head.headers.has_token("Connection", "close");
  const bool keep = head.headers.has_token("Connection", "keep-alive");
  head.keep_alive = !close && (!head.http_1_0 || keep);
  const auto expect = head.headers.find("Expect");
  if (!expect || head.http_1_0) return {};  // RFC 9110 §10.1.1: ignored in HTTP/1.0
  if (!equals_ignoring_ascii_case(*expect, "100-continue")) {
    return refuse(417, "unsupported_expectation", "the only expectation served is 100-continue");
  }
  head.expects_continue = head.has_body();
  return {};
}

bool is_host_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
}

bool is_ipv6_character(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || c == ':' || c == '.'; }

}  // namespace

EdgeResult<std::optional<std::size_t>> HeadScanner::scan(BytesView input) {
  const BytesView head = input.substr(0, max_head_bytes);
  for (; seen_ < head.size(); ++seen_) {
    const auto byte = static_cast<unsigned char>(head[seen_]);
    const bool after_cr = seen_ > 0 && head[seen_ - 1] == '\r';
    if ((byte == '\n') != after_cr) return refuse_malformed("lines end with CR LF, both");
    if (byte != '\n' && byte != '\r' && byte != '\t' && (byte < 0x20 || byte == 0x7f)) {
      return refuse_malformed("a control character in the request head");
    }
    if (byte != '\n') continue;
    if (seen_ == 1) return refuse_malformed("the request line is missing");
    if (head.substr(0, seen_ + 1).ends_with("\r\n\r\n")) return seen_ + 1;
  }
  if (input.size() < max_head_bytes) return std::nullopt;
  return refuse(431, "head_too_large", "request line and headers may have 16 KiB together");
}

EdgeResult<Headers> parse_fields(BytesView lines) {
  Headers headers;
  while (!lines.empty()) {
    const BytesView line = take_line(lines);
    if (line.starts_with(' ') || line.starts_with('\t')) return refuse_malformed("a folded header line");
    const auto colon = line.find(':');
    // A name is a token, so white space before the colon is refused with everything else.
    if (colon == BytesView::npos || !is_token(line.substr(0, colon)))
      return refuse_malformed("a malformed header name");
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    if (!is_field_value(value)) return refuse_malformed("a control character in a header");
    headers.add(line.substr(0, colon), value);
  }
  return headers;
}

std::optional<std::uint64_t> parse_content_length(std::string_view text) {
  if (text.empty() || text.size() > 18 || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) value = value * 10 + static_cast<std::uint64_t>(c - '0');
  return value;
}

std::optional<std::string> host_name_of(std::string_view value) {
  const std::string lower = to_lower_ascii(value);
  std::string_view name = lower;
  std::string_view port;
  const bool bracketed = name.starts_with('[');
  const auto bracket = bracketed ? name.find(']') : std::string_view::npos;
  if (bracketed && bracket == std::string_view::npos) return std::nullopt;
  const auto colon = name.find(':', bracketed ? bracket : 0);
  if (colon != std::string_view::npos) {
    port = name.substr(colon + 1);
    name = name.substr(0, colon);
    if (port.empty() || port.size() > 5 || !std::ranges::all_of(port, is_digit)) return std::nullopt;
  }
  if (bracketed) {
    if (name.size() != bracket + 1) return std::nullopt;
    const auto address = name.substr(1, name.size() - 2);
    if (address.empty() || !std::ranges::all_of(address, is_ipv6_character)) return std::nullopt;
    return std::string(name);
  }
  if (name.empty() || !std::ranges::all_of(name, is_host_character)) return std::nullopt;
  return std::string(name);
}

EdgeResult<RequestHead> parse_request_head(BytesView bytes) {
  RequestHead head;
  if (!bytes.ends_with("\r\n\r\n")) return refuse_malformed("the request head is incomplete");
  bytes.remove_suffix(2);
  if (auto line = parse_request_line(take_line(bytes), head); !line) return std::unexpected(line.error());
  auto fields = parse_fields(bytes);
  if (!fields) return std::unexpected(fields.error());
  head.headers = *std::move(fields);
  for (const auto step : {check_singletons, read_host, read_framing, read_connection}) {
    if (auto done = step(head); !done) return std::unexpected(done.error());
  }
  return head;
}

}  // namespace holdfast::http
