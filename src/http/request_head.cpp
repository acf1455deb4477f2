#include "request_head.h"

#include <algorithm>
#include <array>
#include <utility>

#include "holdfast/base/control_characters.h"
#include "holdfast/base/text.h"
#include "holdfast/http/headers.h"

namespace holdfast::http {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// As is_field_value has it.
bool is_value_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

/// Where more than one line would let two readers of the message choose differently.
constexpr std::array<std::string_view, 10> singleton_names = {
    "Host",          "Content-Length", "Transfer-Encoding", "Expect",
    "Authorization", "Content-Type",   "Content-Encoding",  "Range",
    "Origin",        "X-Amz-Target"};
enum Singleton : std::uint8_t { host_field, content_length_field, transfer_encoding_field, expect_field };

/// The values of the singletons of one head.
class Singletons {
 public:
  EdgeResult<> note(const FieldLine& field) {
    for (std::size_t i = 0; i < singleton_names.size(); ++i) {
      if (!equals_ignoring_ascii_case(field.name, singleton_names[i])) continue;
      if (values_[i]) return refuse_malformed("more than one " + std::string(singleton_names[i]) + " header");
      values_[i] = field.value;
    }
    return {};
  }
  [[nodiscard]] std::optional<BytesView> operator[](Singleton which) const { return values_[which]; }

 private:
  std::array<std::optional<BytesView>, singleton_names.size()> values_;
};

/// What the request line said, for the checks behind it.
struct RequestLine {
  bool http_1_0 = false;
};

EdgeResult<RequestLine> check_version(std::string_view version) {
  if (version == "HTTP/1.1") return RequestLine{};
  if (version == "HTTP/1.0") return RequestLine{.http_1_0 = true};
  const bool other = version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) &&
                     version[6] == '.' && is_digit(version[7]);
  if (!other) return refuse_malformed("the request line is malformed");
  return refuse(505, "unsupported_version", "HTTP/1.0 and HTTP/1.1 are served");
}

EdgeResult<RequestLine> check_request_line(BytesView line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == BytesView::npos || first == last) return refuse_malformed("the request line is malformed");
  const auto target = line.substr(first + 1, last - first - 1);
  if (!is_token(line.substr(0, first)) || target.contains(' '))
    return refuse_malformed("the request line is malformed");
  return check_version(line.substr(last + 1));
}

EdgeResult<> check_host(const Singletons& fields) {
  const auto value = fields[host_field];
  if (!value) return refuse_malformed("the Host header is missing");
  if (!host_name_of(*value)) return refuse_malformed("the Host header is malformed");
  return {};
}

/// RFC 9112 §6.3, without any of its leniencies.
EdgeResult<> check_framing(const Singletons& fields, RequestLine line) {
  const auto encoding = fields[transfer_encoding_field];
  const auto length = fields[content_length_field];
  if (encoding) {
    if (*encoding != "chunked") return refuse_malformed("Transfer-Encoding must be chunked");
    if (line.http_1_0) return refuse_malformed("HTTP/1.0 has no Transfer-Encoding");
    if (length) return refuse_malformed("Content-Length beside Transfer-Encoding");
  }
  if (length && !parse_content_length(*length))
    return refuse_malformed("Content-Length must be one decimal number");
  return {};
}

EdgeResult<> check_expectation(const Singletons& fields, RequestLine line) {
  const auto expect = fields[expect_field];
  if (!expect || line.http_1_0) return {};  // RFC 9110 §10.1.1: ignored in HTTP/1.0
  if (!equals_ignoring_ascii_case(*expect, "100-continue")) {
    return refuse(417, "unsupported_expectation", "the only expectation served is 100-continue");
  }
  return {};
}

bool is_host_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
}

bool is_ipv6_character(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || c == ':' || c == '.'; }

}  // namespace

EdgeResult<std::optional<std::size_t>> HeadScanner::scan(BytesView input) {
  const BytesView head = input.substr(0, max_head_bytes);
  bool after_cr = seen_ > 0 && head[seen_ - 1] == '\r';
  for (; seen_ < head.size(); ++seen_) {
    if (!after_cr) seen_ += plain_run(head.substr(seen_));
    if (seen_ == head.size()) break;
    const char byte = head[seen_];
    if (byte != '\n' && !after_cr) {
      after_cr = byte == '\r';
      if (!after_cr && !is_value_character(byte))
        return refuse_malformed("a control character in the request head");
      continue;
    }
    if (byte != '\n' || !after_cr) return refuse_malformed("lines end with CR LF, both");
    after_cr = false;
    if (seen_ == 1) return refuse_malformed("the request line is missing");
    if (head.substr(0, seen_ + 1).ends_with("\r\n\r\n")) return seen_ + 1;
  }
  if (input.size() < max_head_bytes) return std::nullopt;
  return refuse(431, "head_too_large", "request line and headers may have 16 KiB together");
}

BytesView take_line(BytesView& rest) {
  const auto end = std::min(rest.find("\r\n"), rest.size());
  const BytesView line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 2, rest.size()));
  return line;
}

EdgeResult<FieldLine> check_field_line(BytesView line) {
  if (line.starts_with(' ') || line.starts_with('\t')) return refuse_malformed("a folded header line");
  const auto colon = line.find(':');
  // A name is a token, so white space before the colon is refused with everything else.
  if (colon == BytesView::npos || !is_token(line.substr(0, colon)))
    return refuse_malformed("a malformed header name");
  auto value = line.substr(colon + 1);
  while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
  while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
  if (!is_field_value(value)) return refuse_malformed("a control character in a header");
  return FieldLine{line.substr(0, colon), value};
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

EdgeResult<> check_request_head(BytesView bytes) {
  if (!bytes.ends_with("\r\n\r\n")) return refuse_malformed("the request head is incomplete");
  bytes.remove_suffix(2);
  const auto line = check_request_line(take_line(bytes));
  if (!line) return std::unexpected(line.error());
  Singletons fields;
  while (!bytes.empty()) {
    const auto field = check_field_line(take_line(bytes));
    if (!field) return std::unexpected(field.error());
    if (auto noted = fields.note(*field); !noted) return noted;
  }
  if (auto host = check_host(fields); !host) return host;
  if (auto framing = check_framing(fields, *line); !framing) return framing;
  return check_expectation(fields, *line);
}

}  // namespace holdfast::http
