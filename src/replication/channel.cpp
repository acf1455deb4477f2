#include "channel.h"

#include <utility>

#include "liveness.h"

namespace holdfast::replication {
namespace {

// Enough small frames in one TLS record and one system call; a large frame is written in pieces of this size.
// Each has `write_limit` to itself: a link that is slow is not dead.
constexpr std::size_t write_together_bytes = 32UL * 1024;
// From here on the kernel takes no more (Linux lets it be exceeded by what one segment takes, 64 KiB): else a
// beat would wait behind megabytes there, and the end of a write would say nothing.
constexpr int max_unsent_bytes = 32 * 1024;

/// Before these nothing is said.
bool begins_connection(const Message& message) {
  return std::holds_alternative<Hello>(message) || std::holds_alternative<Welcome>(message);
}

std::unexpected<Error> connection_closed(std::string detail) {
  return fail(ErrorKind::unavailable, "connection_closed", "the connection to another region ended",
              std::move(detail));
}

}  // namespace

Channel::Channel(net::Connection connection, const Clock& clock)
    : connection_(std::move(connection)), clock_(&clock), heard_at_(clock.steady_now()) {
  connection_.limit_unsent(max_unsent_bytes);
}

async::Task<Result<>> Channel::fill(std::size_t wanted, ReadLimit limit) {
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  while (buffer_.size() < wanted) {
    if (closed_) co_return connection_closed("closed here");
    reading_ = true;
    const auto read = co_await connection_.read_some(incoming_, limit.of_next_bytes());
    reading_ = false;
    CO_TRY(const auto size, read);
    if (size == 0) co_return connection_closed("the peer ended the stream");
    heard_at_ = clock_->steady_now();
    buffer_.append(incoming_.data(), size);
  }
  co_return Result<>{};
}

async::Task<Result<Message>> Channel::read(ReadLimit limit, std::function<bool(MessageType)> allowed) {
  if (buffer_.size() - begin_ < frame_header_bytes) CO_TRY_VOID(co_await fill(frame_header_bytes, limit));
  CO_TRY(const auto header, decode_frame_header(BytesView(buffer_).substr(begin_, frame_header_bytes)));
  if (allowed && !allowed(header.type)) {
    co_return fail(ErrorKind::forbidden, "unexpected_message", "a peer sent what it may not send here",
                   std::string(to_string(header.type)));
  }
  arriving_ = header.type;
  const auto whole = frame_header_bytes + header.payload_bytes;
  if (buffer_.size() - begin_ < whole) CO_TRY_VOID(co_await fill(whole, limit));
  auto message = decode_message(header.type,
                                BytesView(buffer_).substr(begin_ + frame_header_bytes, header.payload_bytes));
  begin_ += whole;
  arriving_.reset();
  co_return message;
}

void Channel::send(const Message& message) {
  if (closed_ || finishing_) return;
  auto frame = encode_message(message);
  queued_bytes_ += frame.size();
  // A beat says what is so now. Where a link takes a minute for what is before it, sixty of them would be
  // neither of now nor of use.
  if (std::holds_alternative<Beat>(message)) {
    queued_bytes_ -= beat_.size();
    beat_ = std::move(frame);
  } else {
    (begins_connection(message) ? first_ : queue_).push_back(std::move(frame));
  }
  wake_.notify();
}

std::vector<Bytes> Channel::take_frames() {
  std::vector<Bytes> frames;
  std::size_t bytes = 0;
  const auto take_from = [&](std::deque<Bytes>& queue) {
    for (; !queue.empty() && bytes < write_together_bytes; queue.pop_front()) {
      bytes += queue.front().size();
      frames.push_back(std::move(queue.front()));
    }
  };
  take_from(first_);
  // Not counted: there is one every second, and on the slowest link the others must get on, too.
  if (first_.empty() && !beat_.empty()) frames.push_back(std::exchange(beat_, {}));
  take_from(queue_);
  return frames;
}

async::Task<> Channel::room() {
  while (queued_bytes_ >= max_queued_bytes && !closed_) {
    if (const auto woken = co_await written_.wait(); !woken) co_return;
  }
}

async::Task<> Channel::run_writer(std::shared_ptr<Channel> channel) { co_await channel->write_loop(); }

async::Task<> Channel::write_loop() {
  while (!closed_) {
    if (has_nothing_queued()) {
      if (finishing_) break;
      if (const auto woken = co_await wake_.wait(); !woken) break;
      continue;
    }
    auto frames = take_frames();
    std::size_t bytes = 0;
    for (const auto& frame : frames) bytes += frame.size();
    const auto written = co_await write_all(std::move(frames));
    queued_bytes_ -= bytes;
    written_.notify();
    if (!written) break;
  }
  // The last words must not be lost to a reset; close_notify tells the peer that nothing was cut off.
  if (finishing_ && !closed_ && !reading_)
    (void)co_await connection_.shutdown(async::after(std::chrono::seconds(1)));
  close();
}

async::Task<Result<>> Channel::write_all(std::vector<Bytes> frames) {
  std::vector<BytesView> piece;
  std::size_t bytes = 0;
  for (BytesView rest : frames) {
    while (!rest.empty()) {
      piece.push_back(rest.substr(0, write_together_bytes - bytes));
      bytes += piece.back().size();
      rest.remove_prefix(piece.back().size());
      if (bytes < write_together_bytes) continue;
      CO_TRY_VOID(co_await connection_.write(std::exchange(piece, {}), write_deadline()));
      bytes = 0;
    }
  }
  if (piece.empty()) co_return Result<>{};
  co_return co_await connection_.write(std::move(piece), write_deadline());
}

SteadyTime Channel::write_deadline() const { return std::min(async::after(write_limit), finish_by_); }

void Channel::finish() {
  finishing_ = true;
  finish_by_ = std::min(finish_by_, async::after(write_limit));
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
