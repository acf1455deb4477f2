#include "channel.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <optional>

#include "holdfast/async/block_on.h"
#include "holdfast/async/io_pool.h"
#include "holdfast/async/task_group.h"
#include "holdfast/async/timer.h"
#include "holdfast/crypto/random.h"
#include "holdfast/crypto/x509.h"
#include "holdfast/net/tls_context.h"
#include "liveness.h"
#include "samples.h"

// Fault test 10: the link is cut at every byte of a frame. A real Channel reads from a real socket; a frame
// that is not whole is never given out, and what came before it is.
namespace holdfast::replication {
namespace {

using boost::asio::ip::tcp;

SteadyTime channel_deadline() { return async::after(std::chrono::seconds(30)); }

net::PeerTls channel_tls() {
  const auto key = test::sample_key();
  const net::TlsIdentity identity{
      .certificate_pem = crypto::self_signed_certificate(key, "node", system_clock().now()).value(),
      .private_key_pem = key.private_key_pem()};
  return net::PeerTls::create(identity).value();
}

/// What the reading side got until the stream ended.
struct Received {
  std::vector<Bytes> messages;
  Error ended;
};

async::Task<Received> read_to_the_end(net::Connection connection, bool use_tls) {
  Received received;
  if (use_tls) {
    const auto accepted = co_await connection.handshake(
        channel_tls().accept([](const net::PeerKey&) { return true; }), channel_deadline());
    EXPECT_TRUE(accepted);
  }
  Channel channel(std::move(connection));
  for (;;) {
    const auto message = co_await channel.read(ReadLimit::deadline(channel_deadline()));
    if (!message) {
      received.ended = message.error();
      channel.close();
      co_return received;
    }
    received.messages.push_back(encode_message(*message));
  }
}

/// Sends the pieces one by one and cuts the link without a word of farewell.
async::Task<> send_and_cut(net::Connection connection, std::vector<Bytes> pieces, bool use_tls) {
  if (use_tls) {
    const auto connected = co_await connection.handshake(
        channel_tls().connect([](const net::PeerKey&) { return true; }), channel_deadline());
    EXPECT_TRUE(connected);
  }
  for (const Bytes& piece : pieces)
    if (!piece.empty()) EXPECT_TRUE(co_await connection.write(piece, channel_deadline()));
  connection.close();
}

async::Task<> write_queued(net::Connection connection, std::vector<Message> messages) {
  const auto channel = std::make_shared<Channel>(std::move(connection));
  for (const auto& message : messages) channel->send(message);
  channel->finish();
  co_await Channel::run_writer(channel);
}

/// Some 64 KiB a second; says so when it has as many as this.
async::Task<Bytes> read_slowly(net::Connection connection, std::size_t wanted) {
  Bytes all;
  std::array<char, 16UL * 1024> piece{};
  while (all.size() < wanted) {
    const auto size = co_await connection.read_some(piece, channel_deadline());
    if (size.value_or(0) == 0) co_return all;
    all.append(piece.data(), *size);
    co_await async::sleep_for(std::chrono::milliseconds(250));
  }
  const Bytes confirmed = encode_message(Ack{});
  EXPECT_TRUE(co_await connection.write(confirmed, channel_deadline()));
  co_return all;
}

/// Says whether it was confirmed.
async::Task<bool> write_until_confirmed(net::Connection connection, Message message) {
  const auto channel = std::make_shared<Channel>(std::move(connection));
  async::TaskGroup tasks{"writer"};
  tasks.spawn(channel->connection().executor(), Channel::run_writer(channel));
  channel->send(message);
  const auto confirmed = co_await channel->read(ReadLimit::deadline(async::after(std::chrono::minutes(2))));
  channel->close();
  (void)co_await tasks.join();
  co_return confirmed.has_value();
}

struct Heard {
  Error ended;
  SteadyTime heard_at;
};

async::Task<Heard> read_until_silence(net::Connection connection) {
  Channel channel(std::move(connection));
  const auto message = co_await channel.read(ReadLimit::silence(std::chrono::seconds(1)));
  EXPECT_FALSE(message);
  Heard heard{.ended = message ? Error() : message.error(), .heard_at = channel.heard_at()};
  channel.close();
  co_return heard;
}

class ChannelCut : public testing::Test {
 protected:
  void hold_little_in_the_kernel() {
    acceptor_.set_option(boost::asio::socket_base::receive_buffer_size(16 << 10));
    send_buffer_ = 16 << 10;
  }
  void connect() {
    sending_.emplace(io_.executor(0), tcp::v4());
    if (send_buffer_ != 0) sending_->set_option(boost::asio::socket_base::send_buffer_size(send_buffer_));
    receiving_.emplace(io_.executor(1));
    sending_->connect(acceptor_.local_endpoint());
    acceptor_.accept(*receiving_);
  }
  template <class T>
  auto receive(async::Task<T> task) {
    return boost::asio::co_spawn(io_.executor(1), std::move(task), boost::asio::use_future);
  }
  Received cut_after(std::vector<Bytes> pieces, bool use_tls) {
    connect();
    auto received = receive(read_to_the_end(net::Connection(*std::move(receiving_)), use_tls));
    async::block_on(io_.executor(0),
                    send_and_cut(net::Connection(*std::move(sending_)), std::move(pieces), use_tls));
    return received.get();
  }
  /// All of it is queued before anything is written.
  auto send_through_channel(const std::vector<Message>& messages, auto read) {
    connect();
    auto received = receive(read(net::Connection(*std::move(receiving_))));
    async::block_on(io_.executor(0), write_queued(net::Connection(*std::move(sending_)), messages));
    return received.get();
  }
  Bytes carry_slowly(const Message& message) {
    hold_little_in_the_kernel();
    connect();
    const auto size = encode_message(message).size();
    auto received = receive(read_slowly(net::Connection(*std::move(receiving_)), size));
    EXPECT_TRUE(async::block_on(io_.executor(0),
                                write_until_confirmed(net::Connection(*std::move(sending_)), message)));
    return received.get();
  }
  /// Sent before anybody reads; then nothing comes, and nobody goes.
  Heard stop_after(const Bytes& piece) {
    connect();
    boost::asio::write(*sending_, boost::asio::buffer(piece));
    return receive(read_until_silence(net::Connection(*std::move(receiving_)))).get();
  }

  /// Every cut of `frame` behind a whole ACK: the ACK comes, the frame does not.
  void expect_cuts(const Message& message, bool use_tls) {
    const Bytes before = encode_message(Ack{storage::position_of(test::sample_head(42))});
    const Bytes frame = encode_message(message);
    for (std::size_t size = 0; size <= frame.size(); ++size) {
      const auto received = cut_after({before, frame.substr(0, size)}, use_tls);
      ASSERT_EQ(received.messages.size(), size == frame.size() ? 2U : 1U) << "cut after byte " << size;
      EXPECT_EQ(received.messages[0], before);
      if (size == frame.size()) EXPECT_EQ(received.messages[1], frame);
      EXPECT_EQ(received.ended.kind, ErrorKind::unavailable) << received.ended.describe();
      EXPECT_EQ(received.ended.code, use_tls ? "connection_truncated" : "connection_closed") << size;
    }
  }

 private:
  async::IoPool io_{2};
  boost::asio::io_context accepting_;
  tcp::acceptor acceptor_{accepting_, {boost::asio::ip::address_v4::loopback(), 0}};
  int send_buffer_ = 0;
  std::optional<tcp::socket> sending_;
  std::optional<tcp::socket> receiving_;
};

TEST_F(ChannelCut, at_every_byte_of_a_commit) {
  expect_cuts(CommitPayload{*encode_commit(test::sample_batch())}, false);
}

TEST_F(ChannelCut, at_every_byte_of_a_hello) { expect_cuts(test::sample_hello(), false); }

/// An end without close_notify may be an attacker's: it has a code of its own.
TEST_F(ChannelCut, at_every_byte_of_a_commit_within_tls) {
  expect_cuts(CommitPayload{*encode_commit(test::sample_batch())}, true);
}

TEST_F(ChannelCut, a_frame_that_comes_in_two_pieces_anywhere_is_whole) {
  const Bytes frame = encode_message(test::sample_hello());
  for (std::size_t size = 1; size < frame.size(); ++size) {
    const auto received = cut_after({frame.substr(0, size), frame.substr(size)}, false);
    ASSERT_EQ(received.messages, std::vector<Bytes>{frame}) << size;
  }
}

TEST_F(ChannelCut, the_newest_beat_overtakes_what_is_queued_but_not_how_the_connection_begins) {
  const Message hello = test::sample_hello();
  const Message commit = CommitPayload{*encode_commit(test::sample_batch())};
  const Message mark = Mark{.id = 1};
  std::vector<Message> sent{hello, commit};
  for (std::uint64_t number = 1; number <= 100; ++number) sent.emplace_back(Beat{.number = number});
  sent.push_back(mark);
  const auto received = send_through_channel(
      sent, [](net::Connection connection) { return read_to_the_end(std::move(connection), false); });
  const std::vector<Bytes> expected{encode_message(hello), encode_message(Beat{.number = 100}),
                                    encode_message(commit), encode_message(mark)};
  EXPECT_EQ(received.messages, expected);
}

TEST_F(ChannelCut, a_message_may_take_longer_to_leave_than_a_write_may_as_long_as_some_of_it_leaves) {
  static_assert(write_limit == std::chrono::seconds(10));
  const BlobData large{.sealed = crypto::random_bytes(std::size_t{11} * 64 * 1024)};
  const auto began = system_clock().steady_now();
  EXPECT_TRUE(carry_slowly(large) == encode_message(large));
  EXPECT_GT(system_clock().steady_now() - began, write_limit) << "or this shows nothing";
}

TEST_F(ChannelCut, what_is_queued_when_a_connection_ends_is_not_written_for_minutes) {
  hold_little_in_the_kernel();
  const BlobData large{.sealed = crypto::random_bytes(std::size_t{1} << 20U)};
  const std::vector<Message> half_a_minute(2, large);
  const auto received = send_through_channel(
      half_a_minute, [](net::Connection connection) { return read_slowly(std::move(connection), SIZE_MAX); });
  EXPECT_LT(received.size(), 2 * encode_message(large).size());
}

TEST_F(ChannelCut, a_message_that_stops_coming_is_silence) {
  const Bytes frame = encode_message(test::sample_hello());
  const auto before = system_clock().steady_now();
  const auto heard = stop_after(frame.substr(0, frame.size() / 2));
  EXPECT_EQ(heard.ended.code, "timed_out") << heard.ended.describe();
  EXPECT_GT(heard.heard_at, before) << "a part of a message proves that the other side lives";
}

}  // namespace
}  // namespace holdfast::replication
