#pragma once

#include <cstddef>
#include <span>

#include "holdfast/async/task.h"
#include "holdfast/base/bytes.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/result.h"
#include "holdfast/net/connection.h"

namespace holdfast::http {

/// Bytes that have arrived on a connection and are not used yet. Reads only when asked, so that it never
/// holds more than one head or one piece of a body. Thread and lifetime: its connection's.
class ReadBuffer {
 public:
  explicit ReadBuffer(net::Connection* connection) : connection_(connection) {}

  [[nodiscard]] BytesView view() const { return BytesView(bytes_).substr(used_); }
  [[nodiscard]] bool empty() const { return used_ == bytes_.size(); }
  void consume(std::size_t size) { used_ += size; }
  /// Gives memory back while nothing is there.
  void release();

  /// Where the next bytes go, at most `most`, for who reads them himself; to be followed by keep(). Views
  /// taken before are invalid afterwards.
  std::span<char> room_for(std::size_t most);
  void keep(std::size_t read) { bytes_.resize(bytes_.size() - room_ + read); }

  /// Waits for more, at most `most` bytes; 0 at the peer's end. Views taken before are invalid afterwards.
  async::Task<Result<std::size_t>> fill(std::size_t most, SteadyTime deadline);

 private:
  net::Connection* connection_;
  Bytes bytes_;
  std::size_t used_ = 0;
  std::size_t room_ = 0;  ///< at the end of bytes_, not read yet
};

}  // namespace holdfast::http
