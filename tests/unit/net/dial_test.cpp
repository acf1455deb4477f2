#include "holdfast/net/dial.h"

#include "net_test_support.h"

namespace holdfast::net::test {
namespace {

IpAddress loopback() { return boost::asio::ip::address_v4::loopback(); }

/// A port that neither answers nor refuses: a listening socket with a full backlog (Linux drops further
/// SYNs).
class DeafPort {
 public:
  DeafPort() : acceptor_(io_, tcp::endpoint(loopback(), 0), true) {
    acceptor_.listen(0);
    fillers_.reserve(3);
    for (int i = 0; i < 3; ++i) {
      // Sends the SYN; nobody waits for the end.
      fillers_.emplace_back(io_).async_connect(acceptor_.local_endpoint(), [](const error_code&) {});
    }
  }
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  boost::asio::io_context io_;
  tcp::acceptor acceptor_;
  std::vector<tcp::socket> fillers_;
};

/// Bound but not listening: connecting is refused.
class RefusingPort {
 public:
  RefusingPort() : socket_(io_, tcp::endpoint(loopback(), 0)) {}
  [[nodiscard]] std::uint16_t port() const { return socket_.local_endpoint().port(); }

 private:
  boost::asio::io_context io_;
  tcp::socket socket_;
};

async::Task<> dial_and_note(DialOptions target, async::Event* started, std::optional<Error>* error) {
  started->set();
  const auto connection = co_await dial(std::move(target), async::never);
  if (!connection) *error = connection.error();
}

class DialTest : public NetTest {
 protected:
  [[nodiscard]] static PeerAddress at(std::uint16_t port) { return {.address = loopback(), .port = port}; }
};

TEST_F(DialTest, NobodyListensIsSaidAtOnce) {
  const RefusingPort refusing;
  const auto connection = run(dial({.host = "127.0.0.1", .port = refusing.port()}, soon()));
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, "connection_refused");
}

TEST_F(DialTest, ResolvesNames) {
  const auto listener = listen({.name = "test"}, echo);
  const auto connection = run(dial({.host = "localhost", .port = listener->port()}, soon()));
  EXPECT_TRUE(connection) << connection.error().describe();
  // RFC 6761 §6.4: `invalid` never resolves.
  const auto unknown = run(dial({.host = "nowhere.invalid", .port = 1}, async::after(1s)));
  ASSERT_FALSE(unknown);
  EXPECT_TRUE(unknown.error().code == "name_not_found" || unknown.error().code == "timed_out");
}

TEST_F(DialTest, LocalhostIsKnownWithoutAResolver) {
  // No deadline is left for a look-up: what a resolver would have to be asked for times out.
  const auto addresses = [&](const char* host) { return run(resolve(host, system_clock().steady_now())); };
  const std::vector<IpAddress> loopbacks{loopback(), boost::asio::ip::address_v6::loopback()};
  for (const char* host : {"localhost", "LocalHost", "localhost.", "id.localhost", "a.b.LOCALHOST."}) {
    const auto found = addresses(host);
    ASSERT_TRUE(found) << host << ": " << found.error().describe();
    EXPECT_EQ(*found, loopbacks) << host;
  }
  for (const char* host : {"", ".", "ocalhost", ".localhost", "notlocalhost", "localhost.invalid"}) {
    EXPECT_FALSE(addresses(host)) << host;
  }
}

TEST_F(DialTest, ARefusalOfLocalhostIsOneWithAndWithoutIpv6) {
  const RefusingPort refusing;
  const auto connection = run(dial({.host = "localhost", .port = refusing.port()}, soon()));
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, "connection_refused");
}

TEST_F(DialTest, AnAddressThatIsNotAllowedIsNotConnectedTo) {
  const auto listener = listen({.name = "test"}, echo);
  const auto refused = run(dial({.host = "127.0.0.1",
                                 .port = listener->port(),
                                 .allowed = [](const IpAddress& address) { return !address.is_loopback(); }},
                                soon()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "address_not_allowed");
}

TEST_F(DialTest, ADeafAddressEndsAtTheDeadline) {
  const DeafPort deaf;
  const auto begin = system_clock().steady_now();
  const auto connection = run(dial({.host = "127.0.0.1", .port = deaf.port()}, async::after(50ms)));
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, "timed_out");
  EXPECT_GE(system_clock().steady_now() - begin, 50ms);
}

TEST_F(DialTest, ADeafAddressCostsAQuarterSecond) {
  const DeafPort deaf;
  const auto listener = listen({.name = "test"}, echo);
  const auto begin = system_clock().steady_now();
  auto connection = run(connect_any({at(deaf.port()), at(listener->port())}, soon()));
  ASSERT_TRUE(connection) << connection.error().describe();
  EXPECT_GE(system_clock().steady_now() - begin, 250ms);
  EXPECT_EQ(ask_on(*connection, "there"), "there");
}

TEST_F(DialTest, ARefusingAddressCostsNothing) {
  const RefusingPort refusing;
  const auto listener = listen({.name = "test"}, echo);
  // As many as would take half a minute if each cost what a deaf one costs.
  std::vector<PeerAddress> places(120, at(refusing.port()));
  places.push_back(at(listener->port()));
  const auto begin = system_clock().steady_now();
  EXPECT_TRUE(run(connect_any(std::move(places), async::after(60s))));
  EXPECT_LT(system_clock().steady_now() - begin, 15s);
}

TEST_F(DialTest, CancellationEndsIt) {
  const DeafPort deaf;
  async::Event started;
  std::optional<Error> error;
  async::TaskGroup group("dialler");
  group.spawn(io.next(), dial_and_note({.host = "127.0.0.1", .port = deaf.port()}, &started, &error));
  ASSERT_TRUE(run(started.wait(soon())));
  group.cancel();
  group.wait();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "cancelled");
}

TEST(Endpoint, IsHostAndPort) {
  const auto name = parse_endpoint("region.example.test:8446");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->host, "region.example.test");
  EXPECT_EQ(name->port, 8446);
  EXPECT_EQ(parse_endpoint("[2001:db8::1]:1")->host, "2001:db8::1");
  for (const char* text :
       {"", "host", "host:", ":1", "host:0", "host:65536", "host:1x", "host:-1", "2001:db8::1:1", "[host]:1",
        "[127.0.0.1]:1", "[::1:1", "a b:1", "user@host:1", "host/path:1"}) {
    EXPECT_FALSE(parse_endpoint(text)) << text;
  }
}

}  // namespace
}  // namespace holdfast::net::test
