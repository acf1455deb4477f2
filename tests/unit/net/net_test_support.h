#pragma once

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "holdfast/async/block_on.h"
#include "holdfast/async/event.h"
#include "holdfast/async/io_pool.h"
#include "holdfast/async/task_group.h"
#include "holdfast/async/timer.h"
#include "holdfast/crypto/x509.h"
#include "holdfast/net/connection.h"
#include "holdfast/net/dial.h"
#include "holdfast/net/listener.h"
#include "holdfast/net/tls_context.h"

namespace holdfast::net::test {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using boost::system::error_code;

/// Long enough for a slow machine under a sanitizer; reached only when something is broken.
inline SteadyTime soon() { return async::after(30s); }

/// A private authority and the server certificates that it issues, for localhost and 127.0.0.1.
struct TestAuthority {
  crypto::CertificateAuthority authority =
      crypto::CertificateAuthority::create("net tests", system_clock().now()).value();

  [[nodiscard]] TlsIdentity server(std::string name = "localhost") const {
    auto issued =
        authority
            .issue_server_certificate({.dns_names = {std::move(name)}, .ip_addresses = {"127.0.0.1"}},
                                      system_clock().now())
            .value();
    return {.certificate_pem = std::move(issued.certificate_pem),
            .private_key_pem = std::move(issued.private_key_pem)};
  }
  [[nodiscard]] ClientTls client() const {
    return ClientTls::with_authorities(authority.certificate_pem()).value();
  }
};

/// A node as replication knows it: an Ed25519 key in a self-signed certificate.
struct TestNode {
  crypto::NodeKey key = crypto::NodeKey::generate().value();

  [[nodiscard]] TlsIdentity identity() const {
    return {.certificate_pem = crypto::self_signed_certificate(key, "node", system_clock().now()).value(),
            .private_key_pem = key.private_key_pem()};
  }
  [[nodiscard]] PeerTls tls() const { return PeerTls::create(identity()).value(); }
  [[nodiscard]] Bytes spki_sha256() const {
    return crypto::spki_sha256_of_certificate(identity().certificate_pem).value();
  }
};

/// Dials the listener on the loopback address and, with `setup`, makes the connection a TLS one.
inline async::Task<Result<Connection>> connect_to(std::uint16_t port, std::optional<TlsSetup> setup = {}) {
  CO_TRY(auto connection, co_await dial({.host = "127.0.0.1", .port = port}, soon()));
  if (setup) CO_TRY_VOID(co_await connection.handshake(*std::move(setup), soon()));
  co_return std::move(connection);
}

/// Sends back what arrives, until the peer's proper end; then ends properly itself.
inline async::Task<> echo(Connection connection) {
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto size = co_await connection.read_some(buffer, soon());
    if (!size || *size == 0) break;
    if (!co_await connection.write(BytesView(buffer.data(), *size), soon())) break;
  }
  (void)co_await connection.shutdown(soon());
}

/// Writes `text` and reads as much back.
inline async::Task<Result<Bytes>> ask(Connection* connection, Bytes text) {
  CO_TRY_VOID(co_await connection->write(text, soon()));
  Bytes answer(text.size(), '\0');
  CO_TRY_VOID(co_await connection->read_exactly(answer, soon()));
  co_return answer;
}

/// A pool of two I/O threads, and what is common to tests with a listener.
class NetTest : public testing::Test {
 protected:
  std::unique_ptr<Listener> listen(ListenOptions options, Listener::Handler handler) {
    auto listener = Listener::open(io, std::move(options)).value();
    listener->start(std::move(handler));
    return listener;
  }
  std::unique_ptr<Listener> listen_tls(const ServerTls& tls, Listener::Handler handler = echo) {
    return listen({.name = "test", .tls = [&tls] { return tls.accept(); }}, std::move(handler));
  }

  /// Runs a coroutine to its end on one of the pool's threads.
  template <class T>
  T run(async::Task<T> task) {
    return async::block_on(io.executor(1), std::move(task));
  }
  Result<Connection> connect(std::uint16_t port, std::optional<TlsSetup> setup = {}) {
    return run(connect_to(port, std::move(setup)));
  }
  Result<Bytes> ask_on(Connection& connection, Bytes text) { return run(ask(&connection, std::move(text))); }
  /// Connections belong to their executor: also their end.
  void drop(Connection connection) { run(drop_on_its_thread(std::move(connection))); }

  async::IoPool io{2};

 private:
  static async::Task<> drop_on_its_thread(Connection connection) {
    connection.close();
    co_return;
  }
};

/// A second TLS implementation path: a blocking OpenSSL client with settings of its own, as a foreign client
/// has them.
class BlockingClient {
 public:
  explicit BlockingClient(std::uint16_t port)
      : context_(boost::asio::ssl::context::tls_client), stream_(io_, context_) {
    stream_.lowest_layer().connect({boost::asio::ip::address_v4::loopback(), port});
  }
  [[nodiscard]] SSL* ssl() { return stream_.native_handle(); }
  [[nodiscard]] tcp::socket& socket() { return stream_.next_layer(); }
  [[nodiscard]] boost::asio::ssl::stream<tcp::socket>& stream() { return stream_; }
  error_code handshake() {
    error_code failed;
    stream_.handshake(boost::asio::ssl::stream_base::client, failed);
    return failed;
  }
  /// The answer, or what failed: in TLS 1.3 a refusal arrives with the first read.
  error_code ask(std::string_view text) {
    error_code failed;
    boost::asio::write(stream_, boost::asio::buffer(text.data(), text.size()), failed);
    std::array<char, 64> answer{};
    if (!failed) stream_.read_some(boost::asio::buffer(answer), failed);
    return failed;
  }

 private:
  boost::asio::io_context io_;
  boost::asio::ssl::context context_;
  boost::asio::ssl::stream<tcp::socket> stream_;
};

}  // namespace holdfast::net::test
