#pragma once

#include <cstddef>
#include <cstdint>

#include "edge.h"
#include "holdfast/base/bytes.h"

namespace holdfast::http {

/// The strict filter in front of Beast for the lines of chunked transfer coding (RFC 9112 §7.1): the CRLF
/// behind a chunk's data, the size line, the trailer section. Beast reads sizes and extensions and counts the
/// data; this refuses what Beast 1.81 would let through (bare LF and folds in trailers, sizes of any length)
/// or wait for without bound, and takes the trailers out: checked like headers, bounded, never passed on.
/// Requests and responses alike.
class ChunkLines {
 public:
  /// A chunk-size line with its extension, without CRLF.
  static constexpr std::size_t max_size_line_bytes = 256;
  static constexpr std::size_t max_trailer_bytes = 4096;

  enum class Step : std::uint8_t {
    incomplete,  ///< more lines belong to it
    chunk,       ///< block() begins a chunk: its data follows
    end,         ///< block() ends the body
  };

  /// Takes at most one line from `in`. To be called while Beast is not within a chunk's data.
  EdgeResult<Step> take(BytesView& in);
  /// What Beast is to read as one piece: the CRLF behind the chunk before, the size line, and at the end the
  /// empty line. Until the next call.
  [[nodiscard]] BytesView block() const { return block_; }
  /// Beast has read all data of a chunk.
  void data_ended();

 private:
  enum class State : std::uint8_t { size_line, data_end, trailer };

  [[nodiscard]] std::size_t line_limit() const;
  EdgeResult<Step> end_size_line(BytesView line);
  EdgeResult<Step> end_trailer_line();

  State state_ = State::size_line;
  Bytes block_;
  std::size_t line_begin_ = 0;  ///< in block_: where the line begins that is being taken
  std::size_t trailer_bytes_ = 0;
};

}  // namespace holdfast::http
