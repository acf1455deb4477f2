#include <gtest/gtest.h>

#include <random>

#include "server_fixture.h"

// Every strictness rule through a real socket: raw bytes in, the documented status out, the connection
// closed, and the server alive. The pure tests (request_head_test, chunked_test) go through more shapes of
// each rule.
namespace holdfast::http {
namespace {

struct BadRequest {
  std::string_view name;
  std::string bytes;
  int status = 400;
  std::string_view code = "invalid_request";
};

std::string post(std::string_view headers, std::string_view body = {}) {
  return "POST /echo HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

/// A second request hides behind each: it must never be answered.
constexpr std::string_view hidden = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";

class EdgeTest : public ServerTest, public testing::WithParamInterface<BadRequest> {};

TEST_P(EdgeTest, AnswersClosesAndLives) {
  start();
  RawSocket client(port_);
  client.send(GetParam().bytes).send(hidden);
  const auto answer = client.rest();
  EXPECT_EQ(status_of(answer), GetParam().status) << answer;
  EXPECT_TRUE(body_of(answer).starts_with(std::string(GetParam().code) + ":")) << answer;
  EXPECT_TRUE(answer.contains("Connection: close\r\n")) << answer;
  EXPECT_TRUE(answer.contains("X-Request-Id: ")) << answer;
  EXPECT_FALSE(answer.contains("hello")) << "the hidden request was answered: " << answer;
  EXPECT_TRUE(is_alive());
}

const std::string edge_nul(1, '\0');

const auto bad_requests = testing::Values(
    BadRequest{"LineFeedOnly", "GET /hello HTTP/1.1\nHost: localhost\n\n"},
    BadRequest{"BareCarriageReturn", post("A: b\rc\r\n")}, BadRequest{"ObsFold", post("A: b\r\n c\r\n")},
    BadRequest{"SpaceBeforeColon", post("Content-Length : 5\r\n", "hello")},
    BadRequest{"ControlCharacter", post("A: \x01\r\n")}, BadRequest{"Nul", post("A: " + edge_nul + "\r\n")},
    BadRequest{"LeadingEmptyLine", "\r\nGET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"},
    BadRequest{"NoHost", "GET /hello HTTP/1.1\r\n\r\n"}, BadRequest{"TwoHosts", post("Host: localhost\r\n")},
    BadRequest{"TwoContentLengths", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")},
    BadRequest{"ListedContentLength", post("Content-Length: 5, 5\r\n", "hello")},
    BadRequest{"SignedContentLength", post("Content-Length: +5\r\n", "hello")},
    BadRequest{"ChunkedThenIdentity", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n")},
    BadRequest{"TwoTransferEncodings",
               post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
    BadRequest{"ChunkedBesideLength",
               post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n")},
    BadRequest{"ChunkedIn10",
               "POST /echo HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    BadRequest{"ChunkSizeWithPrefix", post("Transfer-Encoding: chunked\r\n", "0x5\r\nhello\r\n0\r\n\r\n")},
    BadRequest{"ChunkLineFeedOnly", post("Transfer-Encoding: chunked\r\n", "5\nhello\r\n0\r\n\r\n")},
    BadRequest{"ChunkDataTooLong", post("Transfer-Encoding: chunked\r\n", "5\r\nhelloX\r\n0\r\n\r\n")},
    BadRequest{"MalformedTrailer", post("Transfer-Encoding: chunked\r\n", "0\r\nA : b\r\n\r\n")},
    BadRequest{"AbsoluteForm", "GET http://localhost/hello HTTP/1.1\r\nHost: localhost\r\n\r\n"},
    BadRequest{"EscapedNul", "GET /keys/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n"},
    BadRequest{"DotDot", "GET /keys/../hello HTTP/1.1\r\nHost: localhost\r\n\r\n"},
    BadRequest{"PathNotUtf8", "GET /keys/%c0%af HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "invalid_utf8"},
    BadRequest{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "unsupported_version"},
    BadRequest{"Trace", "TRACE /hello HTTP/1.1\r\nHost: localhost\r\n\r\n", 501, "unknown_method"},
    BadRequest{"Expectation", post("Expect: later\r\nContent-Length: 5\r\n", "hello"), 417,
               "unsupported_expectation"},
    BadRequest{"HeadTooLarge", post("A: " + std::string(16 * 1024, 'a') + "\r\n"), 431, "head_too_large"},
    BadRequest{"LengthTooLarge", post("Content-Length: 70000\r\n"), 413, "body_too_large"},
    BadRequest{
        "ChunksTooLarge",
        post("Transfer-Encoding: chunked\r\n", "11170\r\n" + std::string(70000, 'a') + "\r\n0\r\n\r\n"), 413,
        "body_too_large"});

INSTANTIATE_TEST_SUITE_P(Edge, EdgeTest, bad_requests,
                         [](const auto& info) { return std::string(info.param.name); });

class EdgeServerTest : public ServerTest {
 protected:
  static async::Task<Result<Response>> list_headers(Request* request) {
    std::string names;
    for (const Header& field : request->headers) names.append(field.name).append(",");
    co_return respond(200, "text/plain", names);
  }
  /// Whoever sends this and nothing more gets no answer, and nobody else notices.
  void expect_cut_off(std::string_view unfinished) {
    RawSocket client(port_);
    client.send(unfinished);
    EXPECT_EQ(client.rest(), "");
    EXPECT_TRUE(is_alive());
  }
};

TEST_F(EdgeServerTest, RefusalsThatKeepTheFramingKeepTheConnection) {
  start();
  RawSocket client(port_);
  const auto expect = [&](std::string_view request, int status, std::string_view code) {
    const auto answer = client.send(request).response();
    EXPECT_EQ(status_of(answer), status) << request << answer;
    EXPECT_TRUE(body_of(answer).starts_with(std::string(code) + ":")) << answer;
    EXPECT_FALSE(answer.contains("Connection: close")) << answer;
    return answer;
  };
  expect("GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421, "unknown_host");
  expect("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, "not_found");
  EXPECT_TRUE(expect("PUT /hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", 405,
                     "method_not_allowed")
                  .contains("Allow: GET\r\n"));
  expect(post("Content-Encoding: gzip\r\nContent-Length: 5\r\n", "hello"), 415, "unsupported_encoding");
  expect(post("Content-Encoding: identity\r\nContent-Length: 5\r\n", "hello"), 415, "unsupported_encoding");
  EXPECT_EQ(status_of(client.send(get_hello).response()), 200) << "the refused bodies were read away";
  EXPECT_EQ(status_of(client.send("GET /hello HTTP/1.1\r\nHost: 127.0.0.1:99\r\n\r\n").response()), 200);
}

TEST_F(EdgeServerTest, ExactBytesOfAPathReachTheHandler) {
  start();
  EXPECT_EQ(body_of(ask("GET /keys/a%2Fb//%C3%A9+c?x HTTP/1.1\r\nHost: localhost\r\n\r\n")),
            "a/b//\u00e9+c|a%2Fb//%C3%A9+c");
}

TEST_F(EdgeServerTest, TrailersNeverReachHeaders) {
  auto options = listener();
  auto router = std::make_shared<Router>();
  router->add({.method = Method::put, .path = "/headers", .handler = [](Request* request) {
                 return list_headers(request);
               }});
  options.router = router;
  start({}, std::move(options));
  const auto answer =
      ask("PUT /headers HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
          "1\r\na\r\n0\r\nAuthorization: Bearer planted\r\nX-Planted: x\r\n\r\n");
  EXPECT_EQ(body_of(answer), "Host,Transfer-Encoding,");
}

TEST_F(EdgeServerTest, TruncatedRequestsEndQuietly) {
  start();
  for (const std::string_view part : {"", "GET", "GET /hello HTTP/1.1\r\nHost: loc"}) {
    RawSocket client(port_);
    client.send(part).finish_sending();
    EXPECT_EQ(client.rest(), "") << part;
  }
  RawSocket client(port_);
  client.send(post("Content-Length: 10\r\n", "hello")).finish_sending();
  EXPECT_EQ(status_of(client.rest()), 400) << "the body ends early";
  EXPECT_TRUE(is_alive());
}

TEST_F(EdgeServerTest, ASlowHeadIsCutOff) {
  ServerOptions options;
  options.timeouts.head = std::chrono::milliseconds(100);
  start(options);
  expect_cut_off("GET /hello HTTP/1.1\r\n");
}

TEST_F(EdgeServerTest, ASlowBodyIsCutOff) {
  ServerOptions options;
  options.timeouts.body = std::chrono::milliseconds(100);
  start(options);
  expect_cut_off(post("Content-Length: 10\r\n", "hello"));
}

TEST_F(EdgeServerTest, AnIdleConnectionIsCutOff) {
  ServerOptions options;
  // It also holds before the first request, for which a busy machine needs a moment.
  options.timeouts.idle = std::chrono::seconds(2);
  start(options);
  RawSocket client(port_);
  EXPECT_EQ(status_of(client.send(get_hello).response()), 200);
  EXPECT_EQ(client.rest(), "");
  EXPECT_TRUE(is_alive());
}

TEST_F(EdgeServerTest, RandomBytesNeverStopTheServer) {
  start();
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::string bytes = post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n");
    for (int flips = 0; flips < 3; ++flips) bytes[random() % bytes.size()] = static_cast<char>(random());
    RawSocket client(port_);
    client.send(bytes).finish_sending();
    EXPECT_TRUE(client.ended()) << bytes;
  }
  EXPECT_TRUE(is_alive());
}

}  // namespace
}  // namespace holdfast::http
