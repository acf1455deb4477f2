#include <openssl/ssl.h>

#include "net_test_support.h"

namespace holdfast::net::test {
namespace {

PeerCheck only(Bytes spki_sha256) {
  return [pinned = std::move(spki_sha256)](const PeerKey& peer) { return peer.spki_sha256 == pinned; };
}
PeerCheck anybody() {
  return [](const PeerKey&) { return true; };
}

/// What the accepting side saw of its first connection.
struct Accepted {
  async::OneShot<PeerKey> key;
  async::OneShot<Bytes> exported;
};

async::Task<> note_and_echo(Connection connection, std::shared_ptr<Accepted> accepted) {
  if (connection.peer_key() != nullptr) accepted->key.set(*connection.peer_key());
  accepted->exported.set(
      connection.export_keying_material("EXPORTER-holdfast-test", "context", 32).value_or(""));
  co_await echo(std::move(connection));
}

class PeerTlsTest : public NetTest {
 protected:
  std::unique_ptr<Listener> accept_peers(const PeerTls& tls, PeerCheck check) {
    const auto noted = accepted;
    return listen({.name = "replication", .tls = [tls, check] { return tls.accept(check); }},
                  [noted](Connection connection) { return note_and_echo(std::move(connection), noted); });
  }

  TestNode primary;
  TestNode secondary;
  std::shared_ptr<Accepted> accepted = std::make_shared<Accepted>();
};

TEST_F(PeerTlsTest, BothSidesSeeTheOthersPinnedKey) {
  const auto listener = accept_peers(primary.tls(), only(secondary.spki_sha256()));
  auto connection = connect(listener->port(), secondary.tls().connect(only(primary.spki_sha256())));
  ASSERT_TRUE(connection) << connection.error().describe();
  EXPECT_EQ(ask_on(*connection, "frame"), "frame");
  EXPECT_EQ(connection->tls_version(), "TLSv1.3");
  ASSERT_NE(connection->peer_key(), nullptr);
  EXPECT_EQ(connection->peer_key()->spki_sha256, primary.spki_sha256());
  EXPECT_EQ(connection->peer_key()->spki_der, primary.key.public_spki_der());
  const auto seen = run(accepted->key.wait(soon()));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->spki_sha256, secondary.spki_sha256());
  EXPECT_EQ(seen->spki_der, secondary.key.public_spki_der());
  drop(*std::move(connection));
}

TEST_F(PeerTlsTest, TheExporterIsEqualOnBothSidesAndBoundToLabelContextAndSession) {
  const auto listener = accept_peers(primary.tls(), anybody());
  auto connection = connect(listener->port(), secondary.tls().connect(anybody()));
  ASSERT_TRUE(connection);
  const auto here = connection->export_keying_material("EXPORTER-holdfast-test", "context", 32);
  ASSERT_TRUE(here);
  EXPECT_EQ(here->size(), 32);
  EXPECT_EQ(run(accepted->exported.wait(soon())), *here);
  EXPECT_NE(connection->export_keying_material("EXPORTER-holdfast-other", "context", 32), here);
  EXPECT_NE(connection->export_keying_material("EXPORTER-holdfast-test", "", 32), here);
  *accepted = Accepted();
  auto second = connect(listener->port(), secondary.tls().connect(anybody()));
  ASSERT_TRUE(second);
  EXPECT_NE(second->export_keying_material("EXPORTER-holdfast-test", "context", 32), here);
  EXPECT_TRUE(run(accepted->exported.wait(soon())));
  drop(*std::move(connection));
  drop(*std::move(second));
}

TEST_F(PeerTlsTest, TheDiallingSideRefusesAnotherKey) {
  const auto listener = accept_peers(primary.tls(), anybody());
  const auto connection = connect(listener->port(), secondary.tls().connect(only(TestNode().spki_sha256())));
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, "tls_failed");
}

TEST_F(PeerTlsTest, TheAcceptingSideRefusesAnotherKey) {
  const auto listener = accept_peers(primary.tls(), only(TestNode().spki_sha256()));
  auto connection = connect(listener->port(), secondary.tls().connect(anybody()));
  if (connection) EXPECT_FALSE(ask_on(*connection, "frame"));
  EXPECT_FALSE(accepted->exported.is_set());
}

TEST_F(PeerTlsTest, ACheckThatThrowsOrIsMissingRefuses) {
  const auto listener = accept_peers(primary.tls(), anybody());
  EXPECT_FALSE(connect(listener->port(), secondary.tls().connect({})));
  EXPECT_FALSE(connect(listener->port(), secondary.tls().connect([](const PeerKey&) -> bool {
    throw std::runtime_error("a defect");
  })));
}

TEST_F(PeerTlsTest, RefusesClientsWithoutACertificateOrBelowTls13) {
  const auto listener = accept_peers(primary.tls(), anybody());
  BlockingClient anonymous(listener->port());
  const auto refused = anonymous.handshake();
  EXPECT_TRUE(refused || anonymous.ask("frame"));
  BlockingClient old(listener->port());
  SSL_set_max_proto_version(old.ssl(), TLS1_2_VERSION);
  EXPECT_TRUE(old.handshake());
  EXPECT_FALSE(accepted->exported.is_set());
}

TEST_F(PeerTlsTest, RefusesACertificateThatIsNotEd25519) {
  const auto listener = accept_peers(primary.tls(), anybody());
  const auto p256 = TestAuthority().server();
  BlockingClient client(listener->port());
  SSL_use_certificate(client.ssl(), nullptr);
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
  context.use_certificate_chain(boost::asio::buffer(p256.certificate_pem));
  const auto key = p256.private_key_pem.expose();
  context.use_private_key(boost::asio::buffer(key.data(), key.size()), boost::asio::ssl::context::pem);
  SSL_set_SSL_CTX(client.ssl(), context.native_handle());
  const auto refused = client.handshake();
  EXPECT_TRUE(refused || client.ask("frame"));
  EXPECT_FALSE(accepted->exported.is_set());

  const auto own = PeerTls::create(p256);
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().code, "bad_certificate");
}

TEST_F(PeerTlsTest, GivesNoSessionToResume) {
  const auto listener = accept_peers(primary.tls(), anybody());
  const auto identity = secondary.identity();
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
  context.use_certificate_chain(boost::asio::buffer(identity.certificate_pem));
  const auto key = identity.private_key_pem.expose();
  context.use_private_key(boost::asio::buffer(key.data(), key.size()), boost::asio::ssl::context::pem);
  boost::asio::io_context blocking;
  boost::asio::ssl::stream<tcp::socket> client(blocking, context);
  client.lowest_layer().connect({boost::asio::ip::address_v4::loopback(), listener->port()});
  client.handshake(boost::asio::ssl::stream_base::client);
  boost::asio::write(client, boost::asio::buffer("frame", 5));
  std::array<char, 5> answer{};
  EXPECT_EQ(client.read_some(boost::asio::buffer(answer)), 5);
  EXPECT_FALSE(SSL_SESSION_is_resumable(SSL_get0_session(client.native_handle())));
}

}  // namespace
}  // namespace holdfast::net::test
