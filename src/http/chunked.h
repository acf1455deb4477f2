#pragma once

#include <cstddef>
#include <cstdint>

#include "edge.h"
#include "holdfast/base/bytes.h"

namespace holdfast::http {

/// Decodes chunked transfer coding (RFC 9112 §7.1) strictly: CRLF only, sizes of 1 to 15 hexadecimal digits
/// and nothing before them, extensions ignored but bounded and free of control characters, trailers checked
/// like headers, bounded, and dropped: they never reach the headers that handlers see. Used for requests and
/// for responses.
class ChunkDecoder {
 public:
  /// A chunk-size line with its extension, without CRLF.
  static constexpr std::size_t max_size_line_bytes = 256;
  static constexpr std::size_t max_trailer_bytes = 4096;

  /// Appends decoded bytes to `out` and answers how much of `in` was used; all of it, unless the body ended
  /// before.
  EdgeResult<std::size_t> decode(BytesView in, Bytes& out);
  [[nodiscard]] bool done() const { return state_ == State::done; }

 private:
  enum class State : std::uint8_t { size_line, data, data_end, trailer, done };

  /// Appends to `line_` up to and including the next LF; true once the line is complete, its CRLF cut off.
  EdgeResult<bool> take_line(BytesView& in, std::size_t limit);
  EdgeResult<> begin_chunk();
  EdgeResult<> end_line(State state);

  State state_ = State::size_line;
  Bytes line_;
  std::size_t trailer_bytes_ = 0;
  std::uint64_t left_ = 0;
};

}  // namespace holdfast::http
