#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "holdfast/net/tls_context.h"
#include "net_test_support.h"

namespace holdfast::net::test {
namespace {

Secret encrypted(const Secret& pem, std::string_view passphrase) {
  const auto text = pem.expose();
  BIO* const in = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
  BIO* const out = BIO_new(BIO_s_mem());
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
  EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_256_cbc(), passphrase.data(),
                                          static_cast<int>(passphrase.size()), nullptr, nullptr),
            1);
  char* data = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(out, &data));
  Secret result(Bytes(data, size));
  EVP_PKEY_free(key);
  BIO_free(out);
  BIO_free(in);
  return result;
}

/// While it lives, standard input holds `text`.
class StandardInput {
 public:
  explicit StandardInput(std::string_view text) : before_(::dup(STDIN_FILENO)) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    EXPECT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    EXPECT_EQ(::dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
  }
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;
  ~StandardInput() {
    if (before_ >= 0) {
      ::dup2(before_, STDIN_FILENO);
      ::close(before_);
    } else {
      ::close(STDIN_FILENO);
    }
  }

 private:
  int before_;
};

class PublicTls : public NetTest {
 protected:
  TestAuthority authority;
  std::unique_ptr<ServerTls> tls = ServerTls::create(authority.server()).value();
};

TEST_F(PublicTls, SpeaksTls13AndChecksTheServersName) {
  const auto listener = listen_tls(*tls);
  auto connection = connect(listener->port(), authority.client().connect("localhost"));
  ASSERT_TRUE(connection) << connection.error().describe();
  EXPECT_TRUE(connection->is_tls());
  EXPECT_EQ(connection->tls_version(), "TLSv1.3");
  EXPECT_EQ(connection->peer_key(), nullptr);
  const Bytes text(100'000, 'x');
  EXPECT_EQ(ask_on(*connection, text), text);
  drop(*std::move(connection));
}

TEST_F(PublicTls, AcceptsTheServersAddressInPlaceOfItsName) {
  const auto listener = listen_tls(*tls);
  EXPECT_TRUE(connect(listener->port(), authority.client().connect("127.0.0.1")));
  EXPECT_FALSE(connect(listener->port(), authority.client().connect("127.0.0.2")));
}

TEST_F(PublicTls, RefusesAWrongNameAnUnknownAuthorityAndNoName) {
  const auto listener = listen_tls(*tls);
  const auto wrong_name = connect(listener->port(), authority.client().connect("elsewhere.test"));
  ASSERT_FALSE(wrong_name);
  EXPECT_EQ(wrong_name.error().code, "tls_failed");
  const auto unknown = connect(listener->port(), TestAuthority().client().connect("localhost"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, "tls_failed");
  const auto system = connect(listener->port(), ClientTls::with_system_authorities()->connect("localhost"));
  EXPECT_FALSE(system);
  const auto nameless = connect(listener->port(), authority.client().connect(""));
  ASSERT_FALSE(nameless);
  EXPECT_EQ(nameless.error().code, "invalid_host");
}

TEST_F(PublicTls, AcceptsTls12ButNothingOlder) {
  const auto listener = listen_tls(*tls);
  BlockingClient current(listener->port());
  SSL_set_max_proto_version(current.ssl(), TLS1_2_VERSION);
  EXPECT_FALSE(current.handshake());
  EXPECT_STREQ(SSL_get_version(current.ssl()), "TLSv1.2");
  BlockingClient old(listener->port());
  SSL_set_security_level(old.ssl(), 0);
  SSL_set_min_proto_version(old.ssl(), TLS1_VERSION);
  SSL_set_max_proto_version(old.ssl(), TLS1_1_VERSION);
  EXPECT_TRUE(old.handshake());
}

TEST_F(PublicTls, OffersForwardSecretAeadSuitesOnly) {
  const auto listener = listen_tls(*tls);
  for (const char* suite : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"}) {
    BlockingClient client(listener->port());
    SSL_set_max_proto_version(client.ssl(), TLS1_2_VERSION);
    ASSERT_EQ(SSL_set_cipher_list(client.ssl(), suite), 1);
    EXPECT_FALSE(client.handshake()) << suite;
  }
  for (const char* suite : {"ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256",
                            "DHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-CCM"}) {
    BlockingClient client(listener->port());
    SSL_set_max_proto_version(client.ssl(), TLS1_2_VERSION);
    ASSERT_EQ(SSL_set_cipher_list(client.ssl(), suite), 1);
    EXPECT_TRUE(client.handshake()) << suite;
  }
}

TEST_F(PublicTls, FollowsAClientThatChangesItsKeys) {
  const auto listener = listen_tls(*tls);
  BlockingClient client(listener->port());
  ASSERT_FALSE(client.handshake());
  const Bytes text(50'000, 'k');
  for (int round = 0; round < 5; ++round) {
    // RFC 8446 §4.6.3: the server has to change its own before it answers.
    ASSERT_EQ(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    boost::asio::write(client.stream(), boost::asio::buffer(text));
    Bytes back(text.size(), '\0');
    boost::asio::read(client.stream(), boost::asio::buffer(back));
    EXPECT_EQ(back, text);
  }
}

TEST_F(PublicTls, DoesNotNegotiateAgain) {
  const auto listener = listen_tls(*tls);
  BlockingClient client(listener->port());
  SSL_set_max_proto_version(client.ssl(), TLS1_2_VERSION);
  ASSERT_FALSE(client.handshake());
  ASSERT_FALSE(client.ask("once"));
  ASSERT_EQ(SSL_renegotiate(client.ssl()), 1);
  EXPECT_TRUE(client.ask("and again"));
}

TEST_F(PublicTls, ChoosesHttp11AndRefusesClientsWithoutIt) {
  const auto listener = listen_tls(*tls);
  const auto handshake_offering = [&](std::string_view protocols, std::string* chosen) {
    BlockingClient client(listener->port());
    SSL_set_alpn_protos(client.ssl(), reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
    const auto failed = client.handshake();
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(client.ssl(), &name, &size);
    chosen->assign(reinterpret_cast<const char*>(name), size);
    return failed;
  };
  std::string chosen;
  EXPECT_FALSE(handshake_offering("\x02h2\x08http/1.1", &chosen));
  EXPECT_EQ(chosen, "http/1.1");
  EXPECT_TRUE(handshake_offering("\x02h2", &chosen));
  BlockingClient silent(listener->port());
  EXPECT_FALSE(silent.handshake());
}

TEST_F(PublicTls, ReloadKeepsOpenConnectionsAndServesTheNewCertificate) {
  const auto listener = listen_tls(*tls);
  auto before = connect(listener->port(), authority.client().connect("localhost"));
  ASSERT_TRUE(before);
  const TestAuthority renewed;
  ASSERT_TRUE(tls->reload(renewed.server()));
  EXPECT_EQ(ask_on(*before, "still here"), "still here");
  EXPECT_FALSE(connect(listener->port(), authority.client().connect("localhost")));
  auto after = connect(listener->port(), renewed.client().connect("localhost"));
  ASSERT_TRUE(after);
  EXPECT_EQ(ask_on(*after, "new"), "new");
  drop(*std::move(before));
  drop(*std::move(after));
}

TEST_F(PublicTls, AFailedReloadKeepsTheOldCertificate) {
  const auto listener = listen_tls(*tls);
  auto mixed = authority.server();
  mixed.private_key_pem = authority.server().private_key_pem.copy();
  for (const auto* bad : {&mixed}) {
    const auto result = tls->reload(*bad);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, "bad_private_key");
  }
  const auto garbage = tls->reload({.certificate_pem = "no PEM", .private_key_pem = Secret("no PEM")});
  ASSERT_FALSE(garbage);
  EXPECT_EQ(garbage.error().code, "bad_certificate");
  EXPECT_FALSE(
      tls->reload({.certificate_pem = authority.server().certificate_pem, .private_key_pem = Secret()}));
  EXPECT_TRUE(connect(listener->port(), authority.client().connect("localhost")));
}

TEST_F(PublicTls, AnEncryptedKeyIsRefusedAndNobodyIsAskedForItsPassphrase) {
  auto identity = authority.server();
  identity.private_key_pem = encrypted(identity.private_key_pem, "passphrase");
  // Without a terminal OpenSSL would read it here.
  const StandardInput answers("passphrase\n");
  const auto result = tls->reload(identity);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "bad_private_key");
}

TEST_F(PublicTls, GivesNoSessionToResume) {
  const auto listener = listen_tls(*tls);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    BlockingClient first(listener->port());
    SSL_set_max_proto_version(first.ssl(), version);
    ASSERT_FALSE(first.handshake());
    ASSERT_FALSE(first.ask("hello"));
    BlockingClient second(listener->port());
    SSL_set_max_proto_version(second.ssl(), version);
    SSL_set_session(second.ssl(), SSL_get0_session(first.ssl()));
    ASSERT_FALSE(second.handshake());
    EXPECT_FALSE(SSL_session_reused(second.ssl())) << version;
  }
}

TEST(ClientTls, NeedsAnAuthority) {
  EXPECT_FALSE(ClientTls::with_authorities(""));
  EXPECT_FALSE(ClientTls::with_authorities("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
}

}  // namespace
}  // namespace holdfast::net::test
