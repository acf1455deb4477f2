#include "read_buffer.h"

#include "holdfast/base/unset_bytes.h"

namespace holdfast::http {
namespace {

// What waiting for the next head takes anyway.
constexpr std::size_t kept_bytes = 4096;

}  // namespace

void ReadBuffer::release() {
  if (!empty()) return;
  if (bytes_.capacity() > kept_bytes) bytes_ = Bytes();
  bytes_.clear();
  used_ = 0;
}

std::span<char> ReadBuffer::room_for(std::size_t most) {
  bytes_.erase(0, used_);
  used_ = 0;
  room_ = most;
  const auto kept = bytes_.size();
  resize_unset(bytes_, kept + most);
  return std::span(bytes_).subspan(kept);
}

async::Task<Result<std::size_t>> ReadBuffer::fill(std::size_t most, SteadyTime deadline) {
  const auto read = co_await connection_->read_some(room_for(most), deadline);
  keep(read.value_or(0));
  co_return read;
}

}  // namespace holdfast::http
