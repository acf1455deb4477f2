#include "read_buffer.h"

#include <span>

#include "holdfast/base/unset_bytes.h"

namespace holdfast::http {

void ReadBuffer::release() {
  if (!empty()) return;
  bytes_ = Bytes();
  used_ = 0;
}

async::Task<Result<std::size_t>> ReadBuffer::fill(std::size_t most, SteadyTime deadline) {
  bytes_.erase(0, used_);
  used_ = 0;
  const auto kept = bytes_.size();
  resize_unset(bytes_, kept + most);
  const auto read = co_await connection_->read_some(std::span(bytes_).subspan(kept), deadline);
  bytes_.resize(kept + read.value_or(0));
  co_return read;
}

}  // namespace holdfast::http
