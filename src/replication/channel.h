#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "holdfast/async/event.h"
#include "holdfast/async/task.h"
#include "holdfast/net/connection.h"
#include "holdfast/replication/message.h"

namespace holdfast::replication {

/// Frames over one connection: reads one message at a time, writes from a queue, each write within 10 s.
/// Thread: the connection's executor. Shared by the tasks of one session: one reader, one writer.
class Channel {
 public:
  static constexpr std::size_t max_queued_bytes = std::size_t{8} << 20U;

  explicit Channel(net::Connection connection) : connection_(std::move(connection)) {}

  /// The next message. A type that `allowed` refuses ends the connection before its payload is read; so does
  /// a proper end of the stream (`unavailable`, code `connection_closed`).
  async::Task<Result<Message>> read(SteadyTime deadline, std::function<bool(MessageType)> allowed = {});

  /// Queues a message; never blocks. Nothing is queued after finish or close.
  void send(const Message& message);
  /// Waits until less than max_queued_bytes are queued, or the channel is closed. Whoever answers what a peer
  /// asks waits here first: a peer that asks and never reads must not fill the memory. One waiter.
  async::Task<> room();
  /// The writing task, to be spawned once: runs until the channel is closed, or finished and drained.
  static async::Task<> run_writer(std::shared_ptr<Channel> channel);
  /// Closes once everything queued was written.
  void finish();
  /// Closes now; the reader and the writer end.
  void close();
  [[nodiscard]] net::Connection& connection() { return connection_; }

 private:
  async::Task<> write_loop();
  async::Task<Result<>> fill(std::size_t wanted, SteadyTime deadline);

  net::Connection connection_;
  std::deque<Bytes> queue_;
  std::size_t queued_bytes_ = 0;
  async::Signal wake_;
  async::Signal written_;
  bool finishing_ = false;
  bool closed_ = false;
  bool reading_ = false;
  Bytes buffer_;           ///< read, not yet given out
  std::size_t begin_ = 0;  ///< of what is not yet given out
  std::array<char, 64UL * 1024> incoming_{};
};

/// Finishes a channel however the coroutine that holds this ends, cancellation included.
class ChannelFinisher {
 public:
  explicit ChannelFinisher(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
  ChannelFinisher(const ChannelFinisher&) = delete;
  ChannelFinisher& operator=(const ChannelFinisher&) = delete;
  ~ChannelFinisher() { channel_->finish(); }

 private:
  std::shared_ptr<Channel> channel_;
};

}  // namespace holdfast::replication
