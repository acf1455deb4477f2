#include "chunk_lines.h"

#include <algorithm>
#include <utility>

#include "holdfast/http/headers.h"
#include "request_head.h"

namespace holdfast::http {
namespace {

constexpr std::size_t max_size_digits = 15;

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

std::size_t ChunkLines::line_limit() const {
  if (state_ == State::data_end) return 0;
  return state_ == State::size_line ? max_size_line_bytes : max_trailer_bytes;
}

void ChunkLines::data_ended() {
  state_ = State::data_end;
  block_.clear();
  line_begin_ = 0;
}

EdgeResult<ChunkLines::Step> ChunkLines::end_size_line(BytesView line) {
  const auto digits = static_cast<std::size_t>(std::ranges::find_if_not(line, is_hex_digit) - line.begin());
  const auto extension = line.substr(digits);
  const bool well_formed = extension.empty() || extension.starts_with(';');
  if (digits == 0 || digits > max_size_digits || !well_formed || !is_field_value(extension))
    return refuse_malformed("a malformed chunk size");
  if (line.substr(0, digits).find_first_not_of('0') != BytesView::npos) return Step::chunk;
  state_ = State::trailer;
  return Step::incomplete;
}

EdgeResult<ChunkLines::Step> ChunkLines::end_trailer_line() {
  const auto line = BytesView(block_).substr(line_begin_, block_.size() - line_begin_ - 2);
  if (line.empty()) return Step::end;
  trailer_bytes_ += line.size();
  if (trailer_bytes_ > max_trailer_bytes) return refuse_malformed("the trailers are too long");
  if (auto field = check_field_line(line); !field) return std::unexpected(field.error());
  block_.resize(line_begin_);
  return Step::incomplete;
}

EdgeResult<ChunkLines::Step> ChunkLines::take(BytesView& in) {
  const auto end = in.find('\n');
  const auto used = end == BytesView::npos ? in.size() : end + 1;
  if (block_.size() - line_begin_ + used > line_limit() + 2)
    return refuse_malformed("a chunk line is too long");
  block_.append(in.substr(0, used));
  in.remove_prefix(used);
  if (end == BytesView::npos) return Step::incomplete;
  if (!block_.ends_with("\r\n") || block_.size() - line_begin_ < 2)
    return refuse_malformed("chunk lines end with CR LF");
  if (state_ == State::trailer) return end_trailer_line();
  const auto begin = std::exchange(line_begin_, block_.size());
  if (state_ == State::size_line)
    return end_size_line(BytesView(block_).substr(begin, block_.size() - begin - 2));
  state_ = State::size_line;
  return Step::incomplete;
}

}  // namespace holdfast::http
