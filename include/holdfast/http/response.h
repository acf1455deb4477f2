#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "holdfast/base/bytes.h"
#include "holdfast/http/body.h"
#include "holdfast/http/headers.h"

namespace holdfast::http {

/// What a handler answers. The server adds Date, Content-Length or Transfer-Encoding, Connection and
/// X-Request-Id, and leaves the body out for HEAD, 204 and 304. A header value with a control character turns
/// the answer into a 500.
struct Response {
  int status = 200;
  Headers headers;
  Bytes body;
  /// When set, sent instead of `body`.
  std::unique_ptr<BodySource> stream;
  /// For HEAD rows that know the size without having the bytes: the Content-Length to announce.
  std::optional<std::uint64_t> head_size;
  /// Ends the connection behind this response.
  bool close = false;
};

/// A response with a body of the given media type.
Response respond(int status, std::string_view content_type, Bytes body);
/// A response without a body: 204 by default.
Response respond_empty(int status = 204);

/// The reason phrase, for logs and the status line.
std::string_view reason_of(int status);

}  // namespace holdfast::http
