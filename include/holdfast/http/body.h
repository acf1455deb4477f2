#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "holdfast/async/task.h"
#include "holdfast/base/bytes.h"
#include "holdfast/base/result.h"

namespace holdfast::http {

/// A request body that is read while it arrives. Nothing is read from the socket until the handler asks, so a
/// slow handler slows the sender down (back-pressure by TCP). Lives as long as the request; used on its I/O
/// thread only, one read at a time.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  /// What Content-Length says; absent for chunked bodies.
  [[nodiscard]] virtual std::optional<std::uint64_t> size() const = 0;
  /// The next piece (at most 64 KiB); empty at the end. Errors: `body_too_large` over the row's limit,
  /// `request_timeout` when the sender is too slow, `invalid_request` for broken chunks or a body that ends
  /// early. After an error the connection is closed behind the response.
  virtual async::Task<Result<Bytes>> read() = 0;
};

/// A response body that is produced while it is sent. Used on the request's I/O thread; whoever reads files
/// resumes on that executor.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// Known sizes are sent as Content-Length, others chunked (to HTTP/1.0 clients: until close).
  [[nodiscard]] virtual std::optional<std::uint64_t> size() const = 0;
  /// The next piece (64 KiB to 1 MiB is a good size); empty at the end. It is asked for only when the piece
  /// before it is written. An error cuts the connection: the client sees a truncated body, never a wrong one.
  virtual async::Task<Result<Bytes>> read() = 0;
};

}  // namespace holdfast::http
