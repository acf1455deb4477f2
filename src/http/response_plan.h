#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/base/clock.h"
#include "holdfast/http/response.h"

namespace holdfast::http {

/// How one response goes out.
struct ResponsePlan {
  std::optional<std::uint64_t> length;  ///< the Content-Length to announce, if any
  bool chunked = false;
  bool with_body = true;  ///< false for HEAD, 204, 304
  bool keep_alive = true;
};

/// RFC 9110 §8.6, RFC 9112 §6: `keep_alive` is what both sides would like; a body of unknown size to an
/// HTTP/1.0 client ends with the connection.
ResponsePlan plan_response(const Response& response, bool is_head, bool http_1_0, bool keep_alive);

/// The header lines that a response's plan decides, whatever the handler set: Content-Length,
/// Transfer-Encoding, Connection, Date.
bool is_owned_by_plan(std::string_view name);

/// RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
std::string to_http_date(WallTime time);
/// The same, made once a second. Valid until this thread's next call.
const std::string& http_date_now(WallTime now);

}  // namespace holdfast::http
