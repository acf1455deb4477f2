#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "edge.h"
#include "holdfast/base/bytes.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/result.h"
#include "holdfast/http/headers.h"
#include "holdfast/http/method.h"
#include "holdfast/http/response.h"
#include "message_head.h"
#include "response_plan.h"

// The wall around Boost.Beast: beast_codec.cpp is the only file that includes it (docs/adr/0020). Bytes in,
// bytes out; sockets and deadlines are net's.
namespace holdfast::http {

/// Reads messages of one connection, one after the other: head, then body. Every head passes the strict
/// filter (request_head.h, response_head.h) and every line of chunked coding ChunkLines before Beast gets it.
/// Thread: its connection's.
class MessageReader {
 public:
  MessageReader();
  MessageReader(const MessageReader&) = delete;
  MessageReader& operator=(const MessageReader&) = delete;
  ~MessageReader();

  /// Begins a message. `head` is what HeadScanner found. Errors: those of the filter; 501 for a method that
  /// is not served; 400 for a target or a field that Target or Beast refuses.
  EdgeResult<RequestHead> read_request_head(BytesView head);
  /// `method` is the request's, because an answer to HEAD has no body (RFC 9112 §6.3).
  EdgeResult<ResponseHead> read_response_head(BytesView head, Method method);

  /// Of the message begun last.
  [[nodiscard]] const BodyFraming& framing() const;
  /// The message is complete. The next byte belongs to the next one.
  [[nodiscard]] bool done() const;
  /// Appends decoded bytes to `out` and answers how much of `in` was used: all of it, unless the body ended
  /// before. 400 for broken framing; nothing may be read from the message afterwards.
  EdgeResult<std::size_t> decode(BytesView in, Bytes& out);
  /// The peer has ended its side: 400 unless that ends the body properly.
  EdgeResult<> end();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What may be written as headers: token names, no control characters (a value that passes cannot split a
/// message), and no longer than Beast's fields can be (16-bit sizes).
bool is_sendable(const Headers& headers);

/// Writes one message: its head as one run of bytes, bodies without copying them. Thread: its connection's.
class MessageWriter {
 public:
  /// To be sent in this order. `body` views the caller's bytes, the others the writer's own until its next
  /// call.
  struct Pieces {
    BytesView before;
    BytesView body;
    BytesView after;
  };

  /// A request without the headers that are the client's own.
  struct RequestParts {
    Method method = Method::get;
    std::string_view target;
    std::string_view authority;  ///< Host
    const Headers* headers = nullptr;
    BytesView body;
    bool with_length = false;  ///< announces the body's size
    bool keep_alive = true;
  };

  MessageWriter();
  MessageWriter(const MessageWriter&) = delete;
  MessageWriter& operator=(const MessageWriter&) = delete;
  ~MessageWriter();

  /// The head of a response whose body is streamed behind it; others are answer_text's. Header lines that the
  /// plan owns (Content-Length, Transfer-Encoding, Connection, Date) are the plan's whatever the handler set.
  /// Error: `internal` for a header that does not fit.
  Result<Pieces> response_head(const Response& response, const ResponsePlan& plan, bool http_1_0,
                               WallTime now);
  Result<Pieces> request(const RequestParts& parts);

  /// The next piece of a streamed response body, framed as the plan says; an empty one ends the body.
  Result<Pieces> next(BytesView piece);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::http
