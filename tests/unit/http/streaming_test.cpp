#include <gtest/gtest.h>

#include <atomic>

#include "server_fixture.h"

namespace holdfast::http {
namespace {

constexpr std::size_t mebibyte = 1UL << 20U;

class StreamingTest : public ServerTest {
 protected:
  async::Task<Result<Response>> count_after_release(Request* request) {
    CO_TRY_VOID(co_await release_.wait(async::after(std::chrono::seconds(20))));
    co_return co_await count_stream(request);
  }

  void start_with_gate() {
    auto options = listener();
    auto router = std::make_shared<Router>();
    router->add({.method = Method::put,
                 .path = "/gated",
                 .handler = [this](Request* request) { return count_after_release(request); },
                 .body_limit_bytes = 256 * mebibyte,
                 .streaming = true});
    options.router = router;
    start({}, std::move(options));
  }
};

TEST_F(StreamingTest, CountsUploadsOfKnownAndUnknownSize) {
  start();
  RawSocket client(port_);
  const std::string body(3 * mebibyte + 17, 'x');
  client.send("PUT /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n");
  EXPECT_EQ(body_of(client.send(body).response()), std::to_string(body.size()));
  client.send("PUT /count HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n300011\r\n");
  EXPECT_EQ(body_of(client.send(body).send("\r\n0\r\n\r\n").response()), std::to_string(body.size()));
  EXPECT_EQ(body_of(client.send("PUT /count HTTP/1.1\r\nHost: localhost\r\n\r\n").response()), "0");
}

TEST_F(StreamingTest, AHandlerThatDoesNotReadHoldsTheSenderBack) {
  start_with_gate();
  const std::string body(64 * mebibyte, 'x');
  RawSocket client(port_);
  client.send("PUT /gated HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n");
  const auto sent = client.send_until_blocked(body, 300);
  EXPECT_LT(sent, body.size() / 2) << "the kernel's buffers hold a few MiB; the rest would be in our memory";
  release_.set();
  client.send(std::string_view(body).substr(sent));
  EXPECT_EQ(body_of(client.response()), std::to_string(body.size()));
}

TEST_F(StreamingTest, AClientThatDoesNotReadHoldsTheSourceBackAndIsCutOff) {
  ServerOptions options;
  options.timeouts.write = std::chrono::milliseconds(200);
  start(options);
  RawSocket client(port_);
  client.send("GET /much?total=268435456 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(counts_.dropped.wait());
  EXPECT_LT(counts_.produced, 128 * mebibyte);
  EXPECT_TRUE(is_alive());
}

TEST_F(StreamingTest, SendsKnownAndUnknownSizesWhole) {
  start();
  RawSocket client(port_);
  const auto known =
      client.send("GET /much?total=1000000&size HTTP/1.1\r\nHost: localhost\r\n\r\n").response();
  EXPECT_TRUE(known.contains("Content-Length: 1000000\r\n"));
  EXPECT_EQ(body_of(known), std::string(1000000, 'x'));
  const auto chunked =
      client.send("GET /much?total=65537 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").rest();
  EXPECT_TRUE(chunked.contains("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(body_of(chunked), "10000\r\n" + std::string(65536, 'x') + "\r\n1\r\nx\r\n0\r\n\r\n");
}

TEST_F(StreamingTest, ABodyThatNobodyReadEndsTheConnectionOnlyWhenItIsLarge) {
  start();
  RawSocket client(port_);
  client.send("PUT /ignore HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n" +
              std::string(1000, 'x'));
  EXPECT_EQ(status_of(client.response()), 204);
  EXPECT_EQ(status_of(client.send(get_hello).response()), 200);
  client.send("PUT /ignore HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" +
              std::string(100000, 'x'));
  const auto answer = client.rest();
  EXPECT_EQ(status_of(answer), 204) << "delivered although the body was not read";
  EXPECT_TRUE(answer.contains("Connection: close\r\n"));
}

TEST_F(StreamingTest, AnUploadThatIsBrokenOffIsTheSendersDoing) {
  auto options = listener();
  std::atomic<int> status = 0;
  Latch answered;
  options.decorate = [&](const Request& request, Response& response) {
    if (request.method != Method::put) return;
    status = response.status;
    answered.set();
  };
  // Handlers make of a body that fails what their renderer makes of the error's kind: 503 for a lost
  // connection.
  options.errors = [](const Error& error, int edge_status, const Request&) {
    return respond(edge_status == 0 ? 503 : edge_status, "text/plain", Bytes(error.code));
  };
  start({}, std::move(options));
  RawSocket client(port_);
  client.send(
      "PUT /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_EQ(status_of(client.response()), 100) << "it is being handled";
  client.send("abc");
  client.break_off();
  ASSERT_TRUE(answered.wait());
  EXPECT_EQ(status, 400);
  EXPECT_TRUE(is_alive());
  server_.reset();  // before what its decorator writes to
}

class FailingSource final : public BodySource {
 public:
  explicit FailingSource(std::size_t announced) : announced_(announced) {}
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return announced_; }
  async::Task<Result<Bytes>> read() override {
    if (first_) {
      first_ = false;
      co_return Bytes("abc");
    }
    co_return fail(ErrorKind::corrupt, "corrupt", "a chunk does not verify");
  }

 private:
  std::size_t announced_;
  bool first_ = true;
};

TEST_F(StreamingTest, AFailingSourceCutsTheBody) {
  auto options = listener();
  auto router = std::make_shared<Router>();
  router->add(
      {.method = Method::get, .path = "/fails", .handler = [](Request*) -> async::Task<Result<Response>> {
         Response response = respond(200, "text/plain", "");
         response.stream = std::make_unique<FailingSource>(100);
         co_return response;
       }});
  options.router = router;
  start({}, std::move(options));
  EXPECT_EQ(body_of(RawSocket(port_).send("GET /fails HTTP/1.1\r\nHost: localhost\r\n\r\n").rest()), "abc");
}

}  // namespace
}  // namespace holdfast::http
