#include "channel.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <chrono>

#include "holdfast/async/block_on.h"
#include "holdfast/async/io_pool.h"
#include "holdfast/async/timer.h"
#include "holdfast/crypto/x509.h"
#include "holdfast/net/tls_context.h"
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
    const auto message = co_await channel.read(channel_deadline());
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

class ChannelCut : public testing::Test {
 protected:
  Received cut_after(std::vector<Bytes> pieces, bool use_tls) {
    tcp::socket sending(io_.executor(0));
    tcp::socket receiving(io_.executor(1));
    sending.connect(acceptor_.local_endpoint());
    acceptor_.accept(receiving);
    auto received = boost::asio::co_spawn(
        io_.executor(1),
        async::Task<Received>(read_to_the_end(net::Connection(std::move(receiving)), use_tls)),
        boost::asio::use_future);
    async::block_on(io_.executor(0),
                    send_and_cut(net::Connection(std::move(sending)), std::move(pieces), use_tls));
    return received.get();
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

}  // namespace
}  // namespace holdfast::replication
