#include "holdfast/objects/aws_chunked.h"

#include <algorithm>
#include <charconv>

#include "holdfast/base/text.h"

namespace holdfast::objects {
namespace {

constexpr std::size_t max_chunked_line_bytes = 2048;
constexpr std::size_t max_trailer_bytes = 8UL * 1024;
constexpr std::size_t max_size_digits = 16;
constexpr std::string_view signature_extension = "chunk-signature=";

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_chunk_signature(std::string_view extension) {
  if (!extension.starts_with(signature_extension)) return false;
  const auto value = extension.substr(signature_extension.size());
  return value.size() == 64 && std::ranges::all_of(value, is_hex_digit);
}

std::unexpected<Error> incomplete() {
  return fail(ErrorKind::invalid, "incomplete_body", "the body does not have the announced number of bytes");
}

}  // namespace

Result<> AwsChunkedDecoder::failed(std::string_view why) {
  state_ = State::failed;
  return fail(ErrorKind::invalid, "invalid_chunk", "the aws-chunked body is malformed: " + std::string(why));
}

Result<> AwsChunkedDecoder::feed(BytesView input, Bytes& out) {
  if (state_ == State::failed) return failed("an earlier part was");
  while (!input.empty()) {
    if (state_ == State::done) return failed("bytes after the end");
    if (state_ == State::data) {
      const auto part =
          input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(chunk_, input.size())));
      out.append(part);
      input.remove_prefix(part.size());
      chunk_ -= part.size();
      remaining_ -= part.size();
      if (chunk_ == 0) state_ = State::data_end;
      continue;
    }
    TRY_VOID(take_line(input));
    if (line_complete_) TRY_VOID(on_line());
  }
  return {};
}

Result<> AwsChunkedDecoder::take_line(BytesView& input) {
  const auto end = input.find('\n');
  const auto part = input.substr(0, end == BytesView::npos ? end : end + 1);
  if (line_.size() + part.size() > max_chunked_line_bytes) return failed("a line is too long");
  line_.append(part);
  input.remove_prefix(part.size());
  line_complete_ = line_.ends_with('\n');
  return {};
}

Result<> AwsChunkedDecoder::on_line() {
  line_complete_ = false;
  line_.pop_back();
  const bool carriage_return = line_.ends_with('\r');
  if (carriage_return) line_.pop_back();
  // Some clients end a trailer with a bare LF, as the signing documentation prints it; sizes and data never.
  if (!carriage_return && state_ != State::trailer) return failed("a line does not end with CRLF");
  auto result = Result<>{};
  switch (state_) {
    case State::size_line:
      result = on_size_line();
      break;
    case State::data_end:
      state_ = State::size_line;
      if (!line_.empty()) result = failed("a chunk is longer than its size");
      break;
    case State::trailer:
      result = on_trailer();
      break;
    case State::data:
    case State::done:
    case State::failed:
      break;
  }
  line_.clear();
  return result;
}

Result<> AwsChunkedDecoder::on_size_line() {
  const std::string_view line = line_;
  const auto semicolon = line.find(';');
  const auto digits = line.substr(0, semicolon);
  if (digits.empty() || digits.size() > max_size_digits || !std::ranges::all_of(digits, is_hex_digit)) {
    return failed("a chunk size is not hexadecimal");
  }
  if (semicolon != std::string_view::npos && !is_chunk_signature(line.substr(semicolon + 1))) {
    return failed("unknown chunk extension");
  }
  std::from_chars(digits.data(), digits.data() + digits.size(), chunk_, 16);
  if (chunk_ > remaining_) {
    state_ = State::failed;
    return incomplete();
  }
  state_ = chunk_ == 0 ? State::trailer : State::data;
  return {};
}

Result<> AwsChunkedDecoder::on_trailer() {
  if (line_.empty()) {
    state_ = State::done;
    return {};
  }
  trailer_bytes_ += line_.size();
  if (trailer_bytes_ > max_trailer_bytes) return failed("too many trailers");
  const auto colon = line_.find(':');
  if (colon == Bytes::npos || colon == 0) return failed("a trailer has no name");
  const std::string_view line = line_;
  trailers_.emplace_back(to_lower_ascii(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))));
  return {};
}

Result<> AwsChunkedDecoder::finish() const {
  if (state_ != State::done || remaining_ != 0) return incomplete();
  return {};
}

}  // namespace holdfast::objects
