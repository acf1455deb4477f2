#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "holdfast/async/event.h"
#include "holdfast/async/task.h"
#include "holdfast/async/timer.h"
#include "holdfast/net/connection.h"
#include "holdfast/replication/message.h"

namespace holdfast::replication {

/// How long a reader waits for a message.
class ReadLimit {
 public:
  /// Until it is there whole: for whoever has not proven yet who it is.
  static ReadLimit deadline(SteadyTime deadline) { return ReadLimit(deadline, std::nullopt); }
  /// As long as some of it comes at least every so often: a large message on a slow link is no silence.
  static ReadLimit silence(std::chrono::milliseconds silence, SteadyTime latest = async::never) {
    return ReadLimit(latest, silence);
  }

  /// For the bytes that are read next.
  [[nodiscard]] SteadyTime of_next_bytes() const {
    return silence_ ? std::min(deadline_, async::after(*silence_)) : deadline_;
  }

 private:
  ReadLimit(SteadyTime deadline, std::optional<std::chrono::milliseconds> silence)
      : deadline_(deadline), silence_(silence) {}

  SteadyTime deadline_;
  std::optional<std::chrono::milliseconds> silence_;
};

/// Frames over one connection: reads one message at a time, writes from a queue, 32 KiB within 10 s.
/// Thread: the connection's executor. Shared by the tasks of one session: one reader, one writer.
class Channel {
 public:
  static constexpr std::size_t max_queued_bytes = std::size_t{8} << 20U;

  /// `clock`: what heard_at goes by.
  explicit Channel(net::Connection connection, const Clock& clock = system_clock());

  /// The next message. A type that `allowed` refuses ends the connection before its payload is read; so does
  /// a proper end of the stream (`unavailable`, code `connection_closed`).
  async::Task<Result<Message>> read(ReadLimit limit, std::function<bool(MessageType)> allowed = {});
  /// When something last came, be it a part of a message.
  [[nodiscard]] SteadyTime heard_at() const { return heard_at_; }
  /// Of what a part has come.
  [[nodiscard]] std::optional<MessageType> arriving() const { return arriving_; }

  /// Queues a message; never blocks. Nothing is queued after finish or close. A beat overtakes what is
  /// queued, and takes the place of one that has not left yet.
  void send(const Message& message);
  /// Waits until less than max_queued_bytes are queued, or the channel is closed. Whoever answers what a peer
  /// asks waits here first: a peer that asks and never reads must not fill the memory. One waiter.
  async::Task<> room();
  /// The writing task, to be spawned once: runs until the channel is closed, or finished and drained.
  static async::Task<> run_writer(std::shared_ptr<Channel> channel);
  /// Closes once the kernel has everything queued, or after 10 s.
  void finish();
  /// Closes now; the reader and the writer end.
  void close();
  [[nodiscard]] net::Connection& connection() { return connection_; }

 private:
  async::Task<> write_loop();
  [[nodiscard]] bool has_nothing_queued() const { return first_.empty() && beat_.empty() && queue_.empty(); }
  /// The next frames to write together.
  std::vector<Bytes> take_frames();
  [[nodiscard]] SteadyTime write_deadline() const;
  async::Task<Result<>> write_all(std::vector<Bytes> frames);
  async::Task<Result<>> fill(std::size_t wanted, ReadLimit limit);

  net::Connection connection_;
  const Clock* clock_;
  SteadyTime heard_at_;
  std::deque<Bytes> first_;  ///< how a connection begins
  Bytes beat_;               ///< empty: none
  std::deque<Bytes> queue_;
  std::size_t queued_bytes_ = 0;
  async::Signal wake_;
  async::Signal written_;
  bool finishing_ = false;
  SteadyTime finish_by_ = async::never;
  bool closed_ = false;
  bool reading_ = false;
  std::optional<MessageType> arriving_;
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
