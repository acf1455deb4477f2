#include "chunked.h"

#include <algorithm>

#include "request_head.h"

namespace holdfast::http {
namespace {

int chunk_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

EdgeResult<bool> ChunkDecoder::take_line(BytesView& in, std::size_t limit) {
  const auto end = in.find('\n');
  const auto used = end == BytesView::npos ? in.size() : end + 1;
  if (line_.size() + used > limit + 2) return refuse_malformed("a chunk line is too long");
  line_.append(in.substr(0, used));
  in.remove_prefix(used);
  if (end == BytesView::npos) return false;
  if (!line_.ends_with("\r\n")) return refuse_malformed("chunk lines end with CR LF");
  line_.resize(line_.size() - 2);
  return true;
}

EdgeResult<> ChunkDecoder::begin_chunk() {
  std::size_t digits = 0;
  std::uint64_t size = 0;
  for (; digits < line_.size() && chunk_digit(line_[digits]) >= 0; ++digits) {
    if (digits == 15) return refuse_malformed("a chunk size is too large");
    size = size << 4U | static_cast<std::uint64_t>(chunk_digit(line_[digits]));
  }
  const BytesView extension = BytesView(line_).substr(digits);
  const bool well_formed = extension.empty() || extension.starts_with(';');
  if (digits == 0 || !well_formed || !is_field_value(extension))
    return refuse_malformed("a malformed chunk size");
  left_ = size;
  state_ = size == 0 ? State::trailer : State::data;
  return {};
}

// A complete line that is not data: a chunk's size, the CRLF behind its data, or a trailer line.
EdgeResult<> ChunkDecoder::end_line(State state) {
  if (state == State::size_line) return begin_chunk();
  if (state == State::data_end) {
    state_ = State::size_line;
    return {};
  }
  if (line_.empty()) {
    state_ = State::done;
    return {};
  }
  trailer_bytes_ += line_.size();
  if (trailer_bytes_ > max_trailer_bytes) return refuse_malformed("the trailers are too long");
  if (auto field = parse_fields(line_ + "\r\n"); !field) return std::unexpected(field.error());
  return {};
}

EdgeResult<std::size_t> ChunkDecoder::decode(BytesView in, Bytes& out) {
  const auto all = in.size();
  while (!in.empty() && state_ != State::done) {
    if (state_ == State::data) {
      const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size()));
      out.append(in.substr(0, take));
      in.remove_prefix(take);
      left_ -= take;
      if (left_ == 0) state_ = State::data_end;
      continue;
    }
    const auto limit = state_ == State::data_end    ? 0
                       : state_ == State::size_line ? max_size_line_bytes
                                                    : max_trailer_bytes;
    auto complete = take_line(in, limit);
    if (!complete) return std::unexpected(complete.error());
    if (!*complete) break;
    if (auto ended = end_line(state_); !ended) return std::unexpected(ended.error());
    line_.clear();
  }
  return all - in.size();
}

}  // namespace holdfast::http
