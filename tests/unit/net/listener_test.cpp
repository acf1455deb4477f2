#include "holdfast/net/listener.h"

#include <sys/resource.h>

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>

#include "holdfast/base/encoding.h"
#include "holdfast/base/metrics.h"
#include "holdfast/net/check_address.h"
#include "net_test_support.h"

namespace holdfast::net::test {
namespace {

/// Keeps its connection until the test lets go.
async::Task<> hold_connection(Connection connection, async::Event release) {
  (void)co_await release.wait(soon());
}

struct Counts {
  std::atomic<int> begun = 0;
  std::atomic<int> ended = 0;
};
async::Task<> hold_until_cancelled(Connection connection, Counts* counts) {
  struct AtEnd {
    std::atomic<int>* count;
    ~AtEnd() { ++*count; }
  } at_end{&counts->ended};
  ++counts->begun;
  std::array<char, 1> byte{};
  (void)co_await connection.read_some(byte, async::never);
}

async::Task<> send_remote(Connection connection) {
  const auto text = connection.remote().to_string() + "\n";
  (void)co_await connection.write(text, soon());
  (void)co_await connection.shutdown(soon());
}

struct Threads {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  std::atomic<int> count = 0;
};
async::Task<> note_thread(Connection connection, Threads* threads) {
  {
    const std::lock_guard lock(threads->mutex);
    threads->seen.insert(std::this_thread::get_id());
  }
  ++threads->count;
  co_return;
}

std::int64_t counted(std::string_view name) {
  std::int64_t value = 0;
  metrics::for_each([&](const metrics::Metric& metric) {
    if (metric.name() == name) value = metric.value();
  });
  return value;
}

/// A blocking plain client.
class PlainClient {
 public:
  explicit PlainClient(std::uint16_t port, const char* from = "127.0.0.1") {
    socket_.open(tcp::v4());
    socket_.bind({boost::asio::ip::make_address(from), 0});
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
  }
  void send(BytesView bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes.data(), bytes.size())); }
  /// Everything until the end, also a reset.
  Bytes read_all() {
    Bytes all;
    std::array<char, 256> buffer{};
    error_code failed;
    while (!failed) all.append(buffer.data(), socket_.read_some(boost::asio::buffer(buffer), failed));
    return all;
  }

 private:
  boost::asio::io_context io_;
  tcp::socket socket_{io_};
};

class ListenerTest : public NetTest {
 protected:
  // The handlers answer on other threads: wait for what they do, under a generous limit.
  template <class Predicate>
  static bool eventually(Predicate holds) {
    for (const auto end = soon(); system_clock().steady_now() < end; std::this_thread::yield()) {
      if (holds()) return true;
    }
    return false;
  }
};

TEST_F(ListenerTest, APortInUseIsOneClearError) {
  const auto first = Listener::open(io, {.name = "public"}).value();
  const auto second = Listener::open(io, {.name = "public", .port = first->port()});
  ASSERT_FALSE(second) << "SO_REUSEPORT must not let it bind silently";
  EXPECT_EQ(second.error().kind, ErrorKind::conflict);
  EXPECT_EQ(second.error().code, "port_in_use");
  EXPECT_EQ(second.error().message,
            "port " + std::to_string(first->port()) + " on 127.0.0.1 is in use already");
  const auto checked = check_address("127.0.0.1", first->port());
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, "port_in_use");
}

TEST_F(ListenerTest, WhatCannotBeBoundIsRefused) {
  const auto elsewhere = Listener::open(io, {.name = "public", .address = "192.0.2.1", .port = 8443});
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().code, "cannot_listen");
  EXPECT_TRUE(elsewhere.error().message.contains("192.0.2.1:8443")) << elsewhere.error().message;
  EXPECT_FALSE(Listener::open(io, {.name = "public", .address = "localhost"}));
  const auto checked = check_address("192.0.2.1", 8443);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, "cannot_listen");
  EXPECT_FALSE(Listener::open(io, {.name = "public", .proxy_protocol_required = true}))
      << "nobody is trusted";
}

TEST_F(ListenerTest, APortIsFreeAgainAtOnce) {
  auto listener = listen({.name = "test"}, send_remote);
  const auto port = listener->port();
  EXPECT_NE(PlainClient(port).read_all(), "") << "leaves a connection in TIME_WAIT on the server's side";
  listener.reset();
  EXPECT_TRUE(Listener::open(io, {.name = "test", .port = port}));
}

TEST_F(ListenerTest, ServesOnEveryCore) {
  Threads threads;
  const auto listener = listen({.name = "test"}, [&threads](Connection connection) {
    return note_thread(std::move(connection), &threads);
  });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(PlainClient(listener->port()).read_all(), "");
  ASSERT_TRUE(eventually([&] { return threads.count == 100; }));
  EXPECT_EQ(threads.seen.size(), 2);
}

TEST_F(ListenerTest, OneConnectionAboveTheCapIsClosedAtOnce) {
  async::Event release;
  const auto listener = listen({.name = "test", .max_connections = 2}, [release](Connection connection) {
    return hold_connection(std::move(connection), release);
  });
  const PlainClient first(listener->port());
  const PlainClient second(listener->port());
  ASSERT_TRUE(eventually([&] { return listener->connections() == 2; }));
  EXPECT_EQ(PlainClient(listener->port()).read_all(), "");
  release.set();
  ASSERT_TRUE(eventually([&] { return listener->connections() == 0; }));
  release.reset();
  const PlainClient later(listener->port());
  EXPECT_TRUE(eventually([&] { return listener->connections() == 1; }));
  release.set();
}

TEST_F(ListenerTest, OneAddressDoesNotTakeEveryPlace) {
  async::Event release;
  // A connection counts as open from its accept until its end; its address's place is taken in between.
  std::atomic<int> held = 0;
  const auto listener = listen({.name = "test", .max_connections = 9, .max_per_address = 1},
                               [&, release](Connection connection) {
                                 ++held;
                                 return hold_connection(std::move(connection), release);
                               });
  const PlainClient first(listener->port());
  ASSERT_TRUE(eventually([&] { return held == 1; }));
  const auto refused = counted("holdfast_connections_refused_total");
  const auto failed = counted("holdfast_handshakes_failed_total");
  EXPECT_EQ(PlainClient(listener->port()).read_all(), "") << "one more of the same address";
  EXPECT_TRUE(eventually([&] { return counted("holdfast_connections_refused_total") == refused + 1; }));
  EXPECT_EQ(counted("holdfast_handshakes_failed_total"), failed);
  EXPECT_TRUE(eventually([&] { return listener->connections() == 1; }));
  const PlainClient other(listener->port(), "127.0.0.2");
  ASSERT_TRUE(eventually([&] { return held == 2; }));
  release.set();
  ASSERT_TRUE(eventually([&] { return listener->connections() == 0; }));
  release.reset();
  const PlainClient later(listener->port());
  EXPECT_TRUE(eventually([&] { return held == 3; })) << "its place was given back";
  release.set();
}

TEST_F(ListenerTest, ListenersThatShareACapCountTogether) {
  async::Event release;
  const auto shared = std::make_shared<std::atomic<std::size_t>>(0);
  const auto hold = [release](Connection connection) {
    return hold_connection(std::move(connection), release);
  };
  const auto one = listen({.name = "one", .max_connections = 2, .shared_open = shared}, hold);
  const auto two = listen({.name = "two", .max_connections = 2, .shared_open = shared}, hold);
  const PlainClient first(one->port());
  ASSERT_TRUE(eventually([&] { return one->connections() == 1; }));
  const PlainClient second(two->port());
  ASSERT_TRUE(eventually([&] { return two->connections() == 1; }));
  EXPECT_EQ(PlainClient(one->port()).read_all(), "");
  EXPECT_EQ(PlainClient(two->port()).read_all(), "");
  release.set();
  EXPECT_TRUE(eventually([&] { return *shared == 0; }));
}

TEST_F(ListenerTest, WithoutFileDescriptorsItWaitsAndGoesOn) {
  const auto listener = listen({.name = "test"}, send_remote);
  std::vector<std::unique_ptr<PlainClient>> waiting;
  boost::asio::io_context blocking;
  std::vector<tcp::socket> sockets;
  for (int i = 0; i < 8; ++i) sockets.emplace_back(blocking).open(tcp::v4());
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  for (auto& socket : sockets) socket.connect({boost::asio::ip::address_v4::loopback(), listener->port()});
  // The clients are connected by the kernel, but accept fails with EMFILE until the limit is back.
  const auto refusals_begun = eventually([&] { return counted("holdfast_accepts_failed_total") > 0; });
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(refusals_begun);
  for (auto& socket : sockets) {
    std::array<char, 64> buffer{};
    error_code failed;
    EXPECT_GT(socket.read_some(boost::asio::buffer(buffer), failed), 0) << failed.message();
  }
}

TEST_F(ListenerTest, AHandlerThatThrowsDoesNotEndTheLoop) {
  std::atomic<int> calls = 0;
  const auto listener = listen({.name = "test"}, [&calls](Connection connection) -> async::Task<> {
    if (++calls <= 3) throw std::runtime_error("a defect");
    return send_remote(std::move(connection));
  });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(PlainClient(listener->port()).read_all(), "");
  EXPECT_NE(PlainClient(listener->port()).read_all(), "");
}

TEST_F(ListenerTest, ASilentClientLosesItsHandshake) {
  const TestAuthority authority;
  const auto tls = ServerTls::create(authority.server()).value();
  const auto listener = listen(
      {.name = "test", .tls = [&tls] { return tls->accept(); }, .handshake_timeout = 30ms}, send_remote);
  const auto begin = system_clock().steady_now();
  EXPECT_EQ(PlainClient(listener->port()).read_all(), "");
  EXPECT_GE(system_clock().steady_now() - begin, 30ms);
}

TEST_F(ListenerTest, DrainWaitsForOpenConnectionsAndTakesNoNewOnes) {
  async::Event release;
  const auto listener = listen({.name = "test"}, [release](Connection connection) {
    return hold_connection(std::move(connection), release);
  });
  const PlainClient client(listener->port());
  ASSERT_TRUE(eventually([&] { return listener->connections() == 1; }));
  listener->stop_accepting();
  const auto late = run(listener->drain(async::after(20ms)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, "timed_out");
  // Each thread closes its own listening socket when it gets to it.
  EXPECT_TRUE(eventually([&] { return !connect(listener->port()); }));
  release.set();
  EXPECT_TRUE(run(listener->drain(soon())));
  EXPECT_EQ(listener->connections(), 0);
}

TEST_F(ListenerTest, DestructionCancelsTheHandlers) {
  Counts counts;
  auto listener = listen({.name = "test"}, [&counts](Connection connection) {
    return hold_until_cancelled(std::move(connection), &counts);
  });
  const PlainClient first(listener->port());
  const PlainClient second(listener->port());
  ASSERT_TRUE(eventually([&] { return counts.begun == 2; }));
  listener.reset();
  EXPECT_EQ(counts.ended, 2);
}

class ProxyListener : public ListenerTest {
 protected:
  std::unique_ptr<Listener> behind_proxy(const char* trusted) {
    return listen({.name = "test",
                   .proxy_protocol_required = true,
                   .trusted_proxies = {Cidr::parse(trusted).value()},
                   .handshake_timeout = 60s},
                  send_remote);
  }
  // PROXY TCP4 192.0.2.33:51000 → 198.51.100.7:8443, with one TLV.
  Bytes header = from_hex("0d0a0d0a000d0a515549540a2111000fc0000221c6336407c73820fb040000").value();
};

TEST_F(ProxyListener, TheHeaderNamesTheClient) {
  const auto listener = behind_proxy("127.0.0.0/8");
  PlainClient client(listener->port());
  client.send(header);
  EXPECT_EQ(client.read_all(), "192.0.2.33:51000\n");
}

TEST_F(ProxyListener, TheHeaderMayArriveByteByByte) {
  const auto listener = behind_proxy("127.0.0.1");
  PlainClient client(listener->port());
  for (const char byte : header) client.send(BytesView(&byte, 1));
  EXPECT_EQ(client.read_all(), "192.0.2.33:51000\n");
}

TEST_F(ProxyListener, ALocalCommandKeepsTheProxysOwnAddress) {
  const auto listener = behind_proxy("127.0.0.1");
  PlainClient client(listener->port());
  client.send(from_hex("0d0a0d0a000d0a515549540a20000000").value());
  EXPECT_TRUE(client.read_all().starts_with("127.0.0.1:"));
}

TEST_F(ProxyListener, WithoutAHeaderOrFromElsewhereNothingIsServed) {
  const auto listener = behind_proxy("127.0.0.1");
  PlainClient direct(listener->port());
  direct.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(direct.read_all(), "");
  const auto stranger = behind_proxy("192.0.2.0/24");
  PlainClient untrusted(stranger->port());
  untrusted.send(header);
  EXPECT_EQ(untrusted.read_all(), "");
}

TEST_F(ProxyListener, AHeaderWhereNoneIsExpectedIsNoTls) {
  const TestAuthority authority;
  const auto tls = ServerTls::create(authority.server()).value();
  const auto listener = listen_tls(*tls, send_remote);
  PlainClient client(listener->port());
  client.send(header);
  EXPECT_FALSE(client.read_all().contains("192.0.2.33"));
}

TEST_F(ProxyListener, TlsFollowsTheHeader) {
  const TestAuthority authority;
  const auto tls = ServerTls::create(authority.server()).value();
  const auto listener = listen({.name = "test",
                                .tls = [&tls] { return tls->accept(); },
                                .proxy_protocol_required = true,
                                .trusted_proxies = {Cidr::parse("127.0.0.1").value()}},
                               send_remote);
  BlockingClient client(listener->port());
  boost::asio::write(client.socket(), boost::asio::buffer(header));
  ASSERT_FALSE(client.handshake());
  std::array<char, 64> buffer{};
  const auto size = client.stream().read_some(boost::asio::buffer(buffer));
  EXPECT_EQ(std::string_view(buffer.data(), size), "192.0.2.33:51000\n");
}

}  // namespace
}  // namespace holdfast::net::test
