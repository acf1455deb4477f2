#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "edge.h"
#include "holdfast/base/bytes.h"
#include "holdfast/http/headers.h"
#include "holdfast/http/method.h"
#include "holdfast/http/target.h"

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

/// A request's head after every check of house.md "Edge strictness". There is no second parser behind this
/// one: what is checked is what is used, so no two readings of one message can differ (docs/adr/0020).
struct RequestHead {
  Method method = Method::get;
  Target target;
  Headers headers;
  std::string host;  ///< lower case, without port
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool chunked = false;
  std::uint64_t content_length = 0;  ///< 0 when chunked or absent
  [[nodiscard]] bool has_body() const { return chunked || content_length > 0; }
};

/// `head` is what HeadScanner found, its empty line included. The host name is not compared with any list
/// here.
EdgeResult<RequestHead> parse_request_head(BytesView head);

/// Field lines, each ended by CRLF, as a message head or a trailer section has them: token name, colon at
/// once, value without control characters, no folding. Used for requests, responses and trailers alike.
EdgeResult<Headers> parse_fields(BytesView lines);

/// The only reading of Content-Length: at most 18 decimal digits.
std::optional<std::uint64_t> parse_content_length(std::string_view text);

/// The name in a Host value (RFC 9110 §7.2): reg-name, IPv4 or [IPv6], optional decimal port; in lower case.
/// Nothing if it is malformed or empty.
std::optional<std::string> host_name_of(std::string_view value);

}  // namespace holdfast::http
