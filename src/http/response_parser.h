#pragma once

#include "edge.h"
#include "holdfast/base/bytes.h"
#include "holdfast/http/headers.h"
#include "holdfast/http/method.h"
#include "message_body.h"

namespace holdfast::http {

/// A response's head as the client reads it, with the same strictness as the server's side.
struct ResponseHead {
  int status = 0;
  Headers headers;
  BodyFraming framing;
  bool keep_alive = true;
};

/// `head` is what HeadScanner found; `method` is the request's, because an answer to HEAD has no body (RFC
/// 9112 §6.3).
EdgeResult<ResponseHead> parse_response_head(BytesView head, Method method);

}  // namespace holdfast::http
