#pragma once

#include <cstdint>
#include <string>

#include "holdfast/http/headers.h"
#include "holdfast/http/method.h"
#include "holdfast/http/target.h"

namespace holdfast::http {

/// How a message says where its body ends.
struct BodyFraming {
  bool chunked = false;
  bool until_close = false;  ///< responses only
  std::uint64_t length = 0;
};

/// A request's head as Beast has read it behind the filter. Its headers never change again: what comes behind
/// the head, trailers above all, does not get here.
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

/// The same of a response, for the client.
struct ResponseHead {
  int status = 0;
  Headers headers;
  BodyFraming framing;
  bool keep_alive = true;
};

}  // namespace holdfast::http
