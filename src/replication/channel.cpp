#include "channel.h"

#include <utility>

#include "liveness.h"

namespace holdfast::replication {
namespace {

// Enough small frames in one TLS record and one system call.
constexpr std::size_t write_together_bytes = 256UL * 1024;

std::unexpected<Error> connection_closed(std::string detail) {
  return fail(ErrorKind::unavailable, "connection_closed", "the connection to another region ended",
              std::move(detail));
}

}  // namespace

async::Task<Result<>> Channel::fill(std::size_t wanted, SteadyTime deadline) {
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  while (buffer_.size() < wanted) {
    if (closed_) co_return connection_closed("closed here");
    reading_ = true;
    const auto read = co_await connection_.read_some(incoming_, deadline);
    reading_ = false;
    CO_TRY(const auto size, read);
    if (size == 0) co_return connection_closed("the peer ended the stream");
    buffer_.append(incoming_.data(), size);
  }
  co_return Result<>{};
}

async::Task<Result<Message>> Channel::read(SteadyTime deadline, std::function<bool(MessageType)> allowed) {
  if (buffer_.size() - begin_ < frame_header_bytes) CO_TRY_VOID(co_await fill(frame_header_bytes, deadline));
  CO_TRY(const auto header, decode_frame_header(BytesView(buffer_).substr(begin_, frame_header_bytes)));
  if (allowed && !allowed(header.type)) {
    co_return fail(ErrorKind::forbidden, "unexpected_message", "a peer sent what it may not send here",
                   std::string(to_string(header.type)));
  }
  const auto whole = frame_header_bytes + header.payload_bytes;
  if (buffer_.size() - begin_ < whole) CO_TRY_VOID(co_await fill(whole, deadline));
  auto message = decode_message(header.type,
                                BytesView(buffer_).substr(begin_ + frame_header_bytes, header.payload_bytes));
  begin_ += whole;
  co_return message;
}

void Channel::send(const Message& message) {
  if (closed_ || finishing_) return;
  queue_.push_back(encode_message(message));
  queued_bytes_ += queue_.back().size();
  wake_.notify();
}

async::Task<> Channel::room() {
  while (queued_bytes_ >= max_queued_bytes && !closed_) {
    if (const auto woken = co_await written_.wait(); !woken) co_return;
  }
}

async::Task<> Channel::run_writer(std::shared_ptr<Channel> channel) { co_await channel->write_loop(); }

async::Task<> Channel::write_loop() {
  while (!closed_) {
    if (queue_.empty()) {
      if (finishing_) break;
      if (const auto woken = co_await wake_.wait(); !woken) break;
      continue;
    }
    std::vector<Bytes> frames;
    std::size_t bytes = 0;
    while (!queue_.empty() && bytes < write_together_bytes) {
      bytes += queue_.front().size();
      frames.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    std::vector<BytesView> views(frames.begin(), frames.end());
    const auto written = co_await connection_.write(std::move(views), async::after(write_limit));
    queued_bytes_ -= bytes;
    written_.notify();
    if (!written) break;
  }
  // The last words must not be lost to a reset; close_notify tells the peer that nothing was cut off.
  if (finishing_ && !closed_ && !reading_)
    (void)co_await connection_.shutdown(async::after(std::chrono::seconds(1)));
  close();
}

void Channel::finish() {
  finishing_ = true;
  wake_.notify();
}

void Channel::close() {
  if (closed_) return;
  closed_ = true;
  connection_.close();
  wake_.notify();
  written_.notify();
}

}  // namespace holdfast::replication
