#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "beast_codec.h"
#include "holdfast/http/body.h"
#include "read_buffer.h"

namespace holdfast::http {

/// Whether the connection is over, and nobody is there to answer: not a clean end, and not our own
/// cancelling.
bool is_peer_gone(const Error& error);

struct BodyLimits {
  std::uint64_t most_bytes = 0;
  std::chrono::nanoseconds time{};  ///< for the whole body; one second more per `min_rate_bytes` received
  std::uint64_t min_rate_bytes = 4096;
};

/// The one reader of bodies, of requests and of responses: asks the socket for bytes and Beast, through
/// `reader`, what they mean. Thread and lifetime: its connection's.
class MessageBody final : public BodyReader {
 public:
  /// What is read away behind a response so that the connection can be kept.
  static constexpr std::uint64_t max_skip_bytes = 64UL * 1024;

  /// `reader` has just read the message's head.
  MessageBody(net::Connection* connection, ReadBuffer* buffer, MessageReader* reader, BodyLimits limits);

  /// The sender waits for "100 Continue": it gets one with the first read.
  void announce_continue() { continue_pending_ = true; }
  void set_limit(std::uint64_t most_bytes) { limits_.most_bytes = most_bytes; }

  [[nodiscard]] std::optional<std::uint64_t> size() const override;
  async::Task<Result<Bytes>> read() override;
  /// The whole body.
  async::Task<Result<Bytes>> read_all();

  [[nodiscard]] bool done() const { return reader_->done(); }
  /// Nothing has to be waited for.
  [[nodiscard]] bool is_here() const;
  /// What is left can be read away at small cost: the connection need not be closed for it.
  [[nodiscard]] bool skippable() const;
  async::Task<Result<>> skip();
  /// The sender broke off: nobody waits for an answer.
  [[nodiscard]] bool sender_gone() const { return failure_ && is_peer_gone(*failure_); }

 private:
  async::Task<Result<>> fill();
  Result<> decode(Bytes* out);
  std::unexpected<Error> failed(Error error);

  net::Connection* connection_;
  ReadBuffer* buffer_;
  MessageReader* reader_;
  BodyFraming framing_;
  BodyLimits limits_;
  std::uint64_t received_ = 0;
  std::chrono::nanoseconds waited_{};
  bool continue_pending_ = false;
  std::optional<Error> failure_;
};

}  // namespace holdfast::http
