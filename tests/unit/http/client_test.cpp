#include "holdfast/http/client.h"

#include <gtest/gtest.h>

#include "holdfast/crypto/x509.h"
#include "server_fixture.h"

namespace holdfast::http {
namespace {

class ClientTest : public ServerTest {
 protected:
  void SetUp() override {
    const auto now = system_clock().now();
    authority_ = std::make_unique<crypto::CertificateAuthority>(
        crypto::CertificateAuthority::create("test CA", now).value());
    auto issued =
        authority_->issue_server_certificate({.dns_names = {"localhost"}, .ip_addresses = {}}, now).value();
    tls_ = net::ServerTls::create({issued.certificate_pem, std::move(issued.private_key_pem)}).value();
    auto options = listener();
    options.listen.tls = [this] { return tls_->accept(); };
    start({}, std::move(options));
  }

  [[nodiscard]] net::ClientTls trust() const {
    return net::ClientTls::with_authorities(authority_->certificate_pem()).value();
  }
  [[nodiscard]] std::string url(std::string_view path, std::string_view host = "localhost") const {
    return "https://" + std::string(host) + ":" + std::to_string(port_) + std::string(path);
  }

  std::unique_ptr<crypto::CertificateAuthority> authority_;
  std::unique_ptr<net::ServerTls> tls_;
};

TEST_F(ClientTest, ExchangesOverOneKeptConnection) {
  BlockingClient client(trust());
  const auto hello = client.send({.url = url("/hello")}).value();
  EXPECT_EQ(hello.status, 200);
  EXPECT_EQ(hello.body, "hello");
  EXPECT_EQ(hello.headers.find("content-type"), "text/plain");
  const auto echo = client.send({.method = Method::post, .url = url("/echo"), .body = "ping"}).value();
  EXPECT_EQ(echo.body, "ping");
  EXPECT_EQ(client.send({.method = Method::head, .url = url("/hello")}).value().body, "");
  EXPECT_EQ(client.send({.url = url("/much?total=200000")}).value().body.size(), 200000U) << "chunked";
  EXPECT_EQ(client.send({.url = url("/nothing")}).value().status, 404);
  EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(ClientTest, GoesAgainOverANewConnectionWhenTheKeptOneWasClosed) {
  BlockingClient client(trust());
  EXPECT_EQ(client.send({.url = url("/hello")}).value().status, 200);
  const auto port = port_;
  server_->stop(std::chrono::seconds(20));
  auto options = listener();
  options.listen.port = port;
  options.listen.tls = [this] { return tls_->accept(); };
  start({}, std::move(options));
  EXPECT_EQ(client.send({.url = url("/hello")}).value().status, 200);
}

TEST_F(ClientTest, TrustsOnlyTheGivenAuthorityAndName) {
  const auto now = system_clock().now();
  const auto other = crypto::CertificateAuthority::create("another CA", now).value();
  BlockingClient stranger(net::ClientTls::with_authorities(other.certificate_pem()).value());
  EXPECT_EQ(stranger.send({.url = url("/hello")}).error().code, "tls_failed");
  BlockingClient by_address(trust());
  EXPECT_EQ(by_address.send({.url = url("/hello", "127.0.0.1")}).error().code, "tls_failed");
}

TEST_F(ClientTest, BoundsTheResponseAndTheTime) {
  BlockingClient small(trust(), {.max_response_bytes = 1000});
  EXPECT_EQ(small.send({.url = url("/much?total=1001")}).error().code, "response_too_large");
  EXPECT_EQ(small.send({.url = url("/much?total=1001&size")}).error().code, "response_too_large");
  BlockingClient hasty(trust(), {.timeout = std::chrono::milliseconds(100)});
  EXPECT_EQ(hasty.send({.url = url("/wait")}).error().code, "timed_out");
  release_.set();
}

TEST_F(ClientTest, RefusesWhatItShouldNotSendOrReach) {
  BlockingClient client(trust(), {.allowed_address = [](const net::IpAddress&) { return false; }});
  EXPECT_EQ(client.send({.url = url("/hello")}).error().code, "address_not_allowed");
  EXPECT_EQ(client.send({.url = "http://localhost/"}).error().code, "invalid_url");
  EXPECT_EQ(client.send({.url = url("/hello"), .headers = {{"X", "a\r\nb: c"}}}).error().code,
            "invalid_request");
}

TEST_F(ClientTest, SaysWhenNothingListens) {
  server_->stop(std::chrono::seconds(20));
  BlockingClient client(trust());
  EXPECT_EQ(client.send({.url = url("/hello")}).error().code, "connection_refused");
}

TEST(Url, TakesApartWhatIsHttps) {
  const auto url = parse_url("HTTPS://Example.COM:8443/a/b?x=1").value();
  EXPECT_EQ(url.host, "example.com");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.target, "/a/b?x=1");
  EXPECT_EQ(url.authority(), "example.com:8443");
  EXPECT_EQ(parse_url("https://a.example")->target, "/");
  EXPECT_EQ(parse_url("https://a.example?q")->target, "/?q");
  EXPECT_EQ(parse_url("https://[::1]:1/")->authority(), "[::1]:1");
  EXPECT_EQ(parse_url("https://[::1]:1/")->host, "::1");
  for (const std::string_view bad :
       {"", "a.example", "http://a.example", "https://", "https://u@a.example/", "https://a.example:0/",
        "https://a.example:99999/", "https://a.example/#x", "https://a.example/ b"}) {
    EXPECT_EQ(parse_url(bad).error().code, "invalid_url") << bad;
  }
}

}  // namespace
}  // namespace holdfast::http
