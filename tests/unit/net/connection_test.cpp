#include "holdfast/net/connection.h"

#include <atomic>

#include "net_test_support.h"

namespace holdfast::net::test {
namespace {

Bytes patterned(std::size_t size) {
  Bytes bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 2'654'435'761U >> 24U);
  return bytes;
}

async::Task<Result<std::size_t>> read_once(Connection* connection, SteadyTime deadline) {
  std::array<char, 64> buffer{};
  co_return co_await connection->read_some(buffer, deadline);
}

/// Gives its connection to the test.
async::Task<> hand_over(Connection connection, async::OneShot<std::shared_ptr<Connection>> taken,
                        async::Event done) {
  auto shared = std::make_shared<Connection>(std::move(connection));
  taken.set(shared);
  (void)co_await done.wait(soon());
  shared->close();
}

async::Task<> note_first_read(Connection connection, async::OneShot<Result<std::size_t>> first) {
  std::array<char, 64> buffer{};
  first.set(co_await connection.read_some(buffer, soon()));
}

async::Task<> write_patterned(std::shared_ptr<Connection> connection, std::size_t size,
                              std::atomic<bool>* ok) {
  const auto bytes = patterned(size);
  *ok = (co_await connection->write(bytes, soon())).has_value();
}

async::Task<> read_patterned(std::shared_ptr<Connection> connection, std::size_t size,
                             std::atomic<bool>* ok) {
  Bytes bytes(size, '\0');
  *ok = co_await connection->read_exactly(bytes, soon()) && bytes == patterned(size);
}

/// Writes until the kernel's buffers are full and the deadline comes.
async::Task<Result<>> fill(Connection* connection, std::chrono::milliseconds each) {
  const Bytes block(1UL << 20U, 'x');
  for (int i = 0; i < 1000; ++i) CO_TRY_VOID(co_await connection->write(block, async::after(each)));
  co_return Result<>{};
}

async::Task<> note_cancelled(std::shared_ptr<Connection> connection, async::Event* started,
                             std::optional<Error>* error) {
  std::array<char, 64> buffer{};
  started->set();
  const auto size = co_await connection->read_some(buffer, async::never);
  if (!size) *error = size.error();
}

async::Task<> answer_and_leave(Connection connection, Bytes answer) {
  std::array<char, 1> first{};
  (void)co_await connection.read_exactly(first, soon());
  (void)co_await connection.write(answer, soon());
  (void)co_await connection.shutdown(soon());
}

async::Task<Result<Bytes>> read_to_the_end(Connection* connection) {
  Bytes all;
  std::array<char, 4096> buffer{};
  for (;;) {
    CO_TRY(const auto size, co_await connection->read_some(buffer, soon()));
    if (size == 0) co_return all;
    all.append(buffer.data(), size);
  }
}

async::Task<Result<>> write_pieces(Connection* connection, std::vector<BytesView> pieces) {
  co_return co_await connection->write(std::move(pieces), soon());
}
async::Task<Result<>> write_text(Connection* connection, Bytes text) {
  co_return co_await connection->write(text, soon());
}
async::Task<Result<>> shut_down(Connection* connection) { co_return co_await connection->shutdown(soon()); }

/// Every test runs over plain TCP and over TLS.
class ConnectionTest : public NetTest, public testing::WithParamInterface<bool> {
 protected:
  std::unique_ptr<Listener> serve(Listener::Handler handler) {
    ListenOptions options{.name = "test"};
    if (GetParam()) options.tls = [this] { return tls->accept(); };
    return listen(std::move(options), std::move(handler));
  }
  Connection dial_in(const Listener& listener) {
    return connect(listener.port(),
                   GetParam() ? std::optional(authority.client().connect("localhost")) : std::nullopt)
        .value();
  }
  /// A listener that gives its first connection to `accepted`.
  std::unique_ptr<Listener> serve_by_hand() {
    return serve([this](Connection connection) { return hand_over(std::move(connection), accepted, done); });
  }

  TestAuthority authority;
  std::unique_ptr<ServerTls> tls = ServerTls::create(authority.server()).value();
  async::OneShot<std::shared_ptr<Connection>> accepted;
  async::Event done;
};

INSTANTIATE_TEST_SUITE_P(Net, ConnectionTest, testing::Bool(),
                         [](const auto& over_tls) { return over_tls.param ? "Tls" : "Plain"; });

TEST_P(ConnectionTest, KnowsBothEnds) {
  const auto listener = serve(echo);
  auto connection = dial_in(*listener);
  EXPECT_EQ(connection.remote().to_string(), "127.0.0.1:" + std::to_string(listener->port()));
  EXPECT_EQ(connection.local().address.to_string(), "127.0.0.1");
  EXPECT_EQ(connection.is_tls(), GetParam());
  EXPECT_EQ(connection.export_keying_material("EXPORTER-x", "", 32).has_value(), GetParam());
  drop(std::move(connection));
}

TEST_P(ConnectionTest, CarriesMegabytesBothWaysAtOnce) {
  constexpr std::size_t size = 3'000'000;
  const auto listener = serve_by_hand();
  const auto client = std::make_shared<Connection>(dial_in(*listener));
  const auto server = run(accepted.wait(soon())).value();
  std::array<std::atomic<bool>, 4> ok{};
  async::TaskGroup group("duplex");
  group.spawn(client->executor(), write_patterned(client, size, ok.data()));
  group.spawn(client->executor(), read_patterned(client, size, &ok[1]));
  group.spawn(server->executor(), write_patterned(server, size, &ok[2]));
  group.spawn(server->executor(), read_patterned(server, size, &ok[3]));
  group.wait();
  for (const auto& each : ok) EXPECT_TRUE(each);
  done.set();
  drop(std::move(*client));
}

TEST_P(ConnectionTest, WritesPiecesInOrder) {
  const auto listener = serve(echo);
  auto connection = dial_in(*listener);
  const auto large = patterned(9'000);
  const auto larger = patterned(40'000);
  const std::vector<BytesView> pieces{"HEAD", "", large, "x", "y", larger, "", "tail"};
  Bytes whole;
  for (const auto piece : pieces) whole.append(piece);
  ASSERT_TRUE(run(write_pieces(&connection, pieces)));
  Bytes back(whole.size(), '\0');
  ASSERT_TRUE(run(connection.read_exactly(back, soon())));
  EXPECT_EQ(back, whole);
  ASSERT_TRUE(run(write_pieces(&connection, {"only small"})));
  Bytes small(10, '\0');
  ASSERT_TRUE(run(connection.read_exactly(small, soon())));
  EXPECT_EQ(small, "only small");
  drop(std::move(connection));
}

TEST_P(ConnectionTest, AProperEndReadsAsZero) {
  const auto listener = serve(echo);
  auto connection = dial_in(*listener);
  EXPECT_EQ(ask_on(connection, "one"), "one");
  EXPECT_TRUE(run(shut_down(&connection)));
  EXPECT_FALSE(connection.is_open());

  const async::OneShot<Result<std::size_t>> first;
  const auto noting =
      serve([first](Connection accepted_one) { return note_first_read(std::move(accepted_one), first); });
  auto leaving = dial_in(*noting);
  (void)run(shut_down(&leaving));
  EXPECT_EQ(run(first.wait(soon())), Result<std::size_t>(0));
}

TEST_P(ConnectionTest, AReadThatComesTooLateBreaksTheConnection) {
  const auto listener = serve_by_hand();
  auto connection = dial_in(*listener);
  const auto begin = system_clock().steady_now();
  const auto size = run(read_once(&connection, async::after(30ms)));
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error().code, "timed_out");
  EXPECT_GE(system_clock().steady_now() - begin, 30ms);
  EXPECT_FALSE(connection.is_open());
  const auto later = run(write_text(&connection, "x"));
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, "timed_out") << "the first reason stays";
  done.set();
}

TEST_P(ConnectionTest, AnEarlierDeadlineAfterALaterOneStillBites) {
  const auto listener = serve(echo);
  auto connection = dial_in(*listener);
  EXPECT_EQ(ask_on(connection, "sets the timer to half a minute"), "sets the timer to half a minute");
  const auto size = run(read_once(&connection, async::after(10ms)));
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error().code, "timed_out");
}

TEST_P(ConnectionTest, ALaterDeadlineAfterAnEarlierOneHasItsFullTime) {
  const auto listener = serve(echo);
  auto connection = dial_in(*listener);
  std::array<char, 1> byte{};
  ASSERT_TRUE(run(write_text(&connection, "xy")));
  ASSERT_TRUE(run(connection.read_exactly(byte, soon())));
  ASSERT_TRUE(run(connection.read_exactly(byte, async::after(200ms)))) << "it came with the first";
  // The timer now wakes for an operation that is over, and must leave the next one alone.
  const auto begin = system_clock().steady_now();
  EXPECT_FALSE(run(read_once(&connection, async::after(400ms))));
  EXPECT_GE(system_clock().steady_now() - begin, 400ms);
}

TEST_P(ConnectionTest, AWriteToAPeerThatDoesNotReadTimesOut) {
  const auto listener = serve_by_hand();
  auto connection = dial_in(*listener);
  const auto filled = run(fill(&connection, 100ms));
  ASSERT_FALSE(filled);
  EXPECT_EQ(filled.error().code, "timed_out");
  done.set();
}

TEST_P(ConnectionTest, ACancelledReadSaysSo) {
  const auto listener = serve_by_hand();
  const auto connection = std::make_shared<Connection>(dial_in(*listener));
  std::optional<Error> error;
  async::Event started;
  async::TaskGroup group("reader");
  group.spawn(connection->executor(), note_cancelled(connection, &started, &error));
  ASSERT_TRUE(run(started.wait(soon())));
  group.cancel();
  group.wait();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "cancelled");
  EXPECT_FALSE(connection->is_open());
  done.set();
}

TEST_P(ConnectionTest, WritingToAPeerThatLeftIsAnErrorAndNoSignal) {
  const auto listener = serve_by_hand();
  auto connection = dial_in(*listener);
  ASSERT_TRUE(run(accepted.wait(soon())));
  done.set();
  while (listener->connections() > 0) std::this_thread::yield();
  const auto filled = run(fill(&connection, 30s));
  ASSERT_FALSE(filled);
  EXPECT_EQ(filled.error().code, "connection_lost") << filled.error().describe();
}

TEST_P(ConnectionTest, ThePoliteEndSavesTheAnswerFromWhatWasNotRead) {
  // The server answers although most of the request is unread: closing at once would reset the connection,
  // and the client would lose the answer.
  const auto answer = patterned(200'000);
  const auto listener =
      serve([&answer](Connection connection) { return answer_and_leave(std::move(connection), answer); });
  auto connection = dial_in(*listener);
  ASSERT_TRUE(run(write_text(&connection, patterned(3'000'000))));
  const auto got = run(read_to_the_end(&connection));
  ASSERT_TRUE(got) << got.error().describe();
  EXPECT_EQ(*got, answer);
  drop(std::move(connection));
}

class TlsConnection : public NetTest {
 protected:
  TestAuthority authority;
  std::unique_ptr<ServerTls> tls = ServerTls::create(authority.server()).value();
};

TEST_F(TlsConnection, AnEndWithoutCloseNotifyIsTruncated) {
  const async::OneShot<Result<std::size_t>> first;
  const auto listener = listen_tls(
      *tls, [first](Connection connection) { return note_first_read(std::move(connection), first); });
  BlockingClient client(listener->port());
  ASSERT_FALSE(client.handshake());
  client.socket().close();
  const auto size = run(first.wait(soon()));
  ASSERT_TRUE(size);
  ASSERT_FALSE(*size);
  EXPECT_EQ(size->error().code, "connection_truncated");
}

TEST_F(TlsConnection, ADamagedRecordIsAnError) {
  const async::OneShot<Result<std::size_t>> first;
  const auto listener = listen_tls(
      *tls, [first](Connection connection) { return note_first_read(std::move(connection), first); });
  BlockingClient client(listener->port());
  ASSERT_FALSE(client.handshake());
  boost::asio::write(client.socket(),
                     boost::asio::buffer("\x17\x03\x03\x00\x20 not what the key would have made.", 37));
  const auto size = run(first.wait(soon()));
  ASSERT_TRUE(size);
  ASSERT_FALSE(*size);
  EXPECT_EQ(size->error().code, "tls_failed");
}

TEST_F(TlsConnection, ANameThatCannotBeAskedForBreaksItLikeAnyFailure) {
  const auto listener = listen_tls(*tls);
  auto connection = connect(listener->port()).value();
  const auto nameless = run(connection.handshake(authority.client().connect(""), soon()));
  ASSERT_FALSE(nameless);
  EXPECT_EQ(nameless.error().code, "invalid_host");
  EXPECT_FALSE(connection.is_open());
  const auto later = run(write_text(&connection, "x"));
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error(), nameless.error());
}

TEST_F(TlsConnection, HandshakesOnceOnly) {
  const auto listener = listen_tls(*tls);
  auto connection = connect(listener->port(), authority.client().connect("localhost"));
  ASSERT_TRUE(connection);
  const auto again = run(connection->handshake(authority.client().connect("localhost"), soon()));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::internal);
}

}  // namespace
}  // namespace holdfast::net::test
