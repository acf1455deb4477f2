#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "edge.h"
#include "holdfast/base/bytes.h"

// The strict filter in front of Beast, first part: the head of a request (docs/adr/0020). It answers yes or
// no on raw bytes; what handlers see is what Beast then reads from the same bytes.
namespace holdfast::http {

/// Request line and headers with the empty line behind them.
constexpr std::size_t max_head_bytes = 16UL * 1024;

/// Finds the end of a head in bytes that are still arriving and refuses at the first byte that cannot be part
/// of one, so that a line ended by LF alone is answered now and not by a time-out. Each byte is looked at
/// once.
class HeadScanner {
 public:
  /// `input` is everything since the head's first byte. The head's size once it is complete, nothing while
  /// bytes are missing. Errors: 400 for a control character, CR without LF, LF without CR or an empty first
  /// line; 431 above `max_head_bytes`.
  EdgeResult<std::optional<std::size_t>> scan(BytesView input);

 private:
  std::size_t seen_ = 0;
};

/// `head` is what HeadScanner found, its empty line included. Refuses all of docs/api-errors.md, "At the
/// edge", that bytes alone show: the request line, every field line, one well-formed Host, one length or
/// one `chunked`, known expectations. The target is Target's to judge; the host name is compared with the
/// listener's list when the request is routed, because that refusal (421) keeps the connection.
EdgeResult<> check_request_head(BytesView head);

struct FieldLine {
  BytesView name;
  BytesView value;  ///< without the white space around it
};

/// A field line without its CRLF, of a head or of a trailer section: token name, colon at once, value without
/// control characters, not a continuation of the line before.
EdgeResult<FieldLine> check_field_line(BytesView line);

/// Takes the bytes before the next CRLF and skips it; everything when there is none.
BytesView take_line(BytesView& rest);

/// What the filter lets through as Content-Length: at most 18 decimal digits.
std::optional<std::uint64_t> parse_content_length(std::string_view text);

/// The name in a Host value (RFC 9110 §7.2): reg-name, IPv4 or [IPv6], optional decimal port; in lower case.
/// Nothing if it is malformed or empty.
std::optional<std::string> host_name_of(std::string_view value);

}  // namespace holdfast::http
