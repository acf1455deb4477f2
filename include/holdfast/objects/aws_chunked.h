#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/base/result.h"

namespace holdfast::objects {

/// Takes S3's `aws-chunked` framing off an upload, as a pure state machine fed with whatever arrived:
///
///     hex-size [ ";chunk-signature=" 64 hex ] CRLF  bytes CRLF   repeated
///     "0" [ ";chunk-signature=…" ] CRLF  { trailer-name ":" value CRLF }  CRLF
///
/// One object decodes one body; not thread-safe. Memory is bounded by one line (8 KiB of trailers in all);
/// chunk signatures are skipped, not checked (a bearer token authenticates the request, and TLS protects it).
/// Framing errors are `incomplete_body` or `invalid_chunk`; after an error the decoder stays failed.
class AwsChunkedDecoder {
 public:
  using Trailers = std::vector<std::pair<std::string, std::string>>;

  /// `decoded_length` is the announced x-amz-decoded-content-length; more or fewer bytes are an error.
  explicit AwsChunkedDecoder(std::uint64_t decoded_length) : remaining_(decoded_length) {}

  /// Appends what `input` holds of the content to `out`.
  Result<> feed(BytesView input, Bytes& out);
  /// At the end of the body: everything must have arrived.
  [[nodiscard]] Result<> finish() const;
  /// Names in lower case, after `finish` succeeded.
  [[nodiscard]] const Trailers& trailers() const { return trailers_; }

 private:
  enum class State : std::uint8_t { size_line, data, data_end, trailer, done, failed };

  Result<> failed(std::string_view why);
  Result<> take_line(BytesView& input);
  Result<> on_line();
  Result<> on_size_line();
  Result<> on_trailer();

  State state_ = State::size_line;
  std::uint64_t remaining_;  ///< of the announced length
  std::uint64_t chunk_ = 0;  ///< of the current chunk
  std::size_t trailer_bytes_ = 0;
  Bytes line_;
  bool line_complete_ = false;
  Trailers trailers_;
};

}  // namespace holdfast::objects
