#include "holdfast/http/server.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "server_fixture.h"
#include "server_state.h"

namespace holdfast::http {
namespace {

class HttpServerTest : public ServerTest {
 protected:
  static async::Task<Result<Principal>> check_token(const Request* request, AuthLevel level) {
    if (request->header("Authorization") != "Bearer good") {
      co_return fail(ErrorKind::unauthenticated, "unauthenticated", "no");
    }
    co_return Principal::of("holder:" + std::string(to_string(level)));
  }
  static Response render_error(const Error& error, int edge_status, const Request& request) {
    return respond(edge_status == 0 ? 499 : edge_status, "text/x-error",
                   std::string(error.code) + "@" + std::string(request.route));
  }
};

TEST_F(HttpServerTest, KeepsTheConnectionAndNumbersRequests) {
  start();
  RawSocket client(port_);
  std::set<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.send(get_hello).response();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << answer;
    EXPECT_EQ(body_of(answer), "hello");
    EXPECT_FALSE(answer.contains("Connection:"));
    ids.insert(answer.substr(answer.find("X-Request-Id: "), std::string_view("X-Request-Id: ").size() + 28));
  }
  EXPECT_EQ(ids.size(), 3U);
  EXPECT_EQ(server_->connections(), 1U);
  const auto last = client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").rest();
  EXPECT_TRUE(last.contains("Connection: close\r\n"));
}

TEST(RequestId, DoesNotComeBackAfterFourBillionRequests) {
  EXPECT_EQ(request_id_of(0x9bfd2953a2dba344, 1), "9bfd2953a2dba344000000000001");
  EXPECT_NE(request_id_of(7, 0), request_id_of(7, std::uint64_t{1} << 32U));
  EXPECT_NE(request_id_of(7, 0), request_id_of(8, 0));
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  std::string all;
  for (int i = 0; i < 50; ++i)
    all += "GET /keys/" + std::to_string(i) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  RawSocket client(port_);
  client.send(all);
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(body_of(client.response()), std::to_string(i) + "|" + std::to_string(i));
}

TEST_F(HttpServerTest, PipelinedRequestsWaitInTheSocketNotInMemory) {
  start();
  RawSocket client(port_);
  client.send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(entered_.wait());
  std::string many;
  while (many.size() < 64UL << 20U) many += get_hello;
  EXPECT_LT(client.send_until_blocked(many, 300), many.size() / 2)
      << "the server reads what it does not handle";
  release_.set();
  EXPECT_EQ(body_of(client.response()), "released");
  EXPECT_EQ(body_of(client.response()), "hello");
}

TEST_F(HttpServerTest, ServesHttp10) {
  start();
  const auto closed = RawSocket(port_).send("GET /hello HTTP/1.0\r\nHost: localhost\r\n\r\n").rest();
  EXPECT_TRUE(closed.starts_with("HTTP/1.0 200 OK")) << closed;
  EXPECT_EQ(body_of(closed), "hello");
  RawSocket kept(port_);
  const std::string request = "GET /hello HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n";
  EXPECT_TRUE(kept.send(request).response().contains("Connection: keep-alive\r\n"));
  EXPECT_EQ(body_of(kept.send(request).response()), "hello");
  const auto stream =
      RawSocket(port_).send("GET /much?total=100000 HTTP/1.0\r\nHost: localhost\r\n\r\n").rest();
  EXPECT_FALSE(stream.contains("Transfer-Encoding"));
  EXPECT_EQ(body_of(stream).size(), 100000U) << "unknown size: until close";
}

TEST_F(HttpServerTest, HeadHasTheHeadersOfGetAndNoBody) {
  start();
  RawSocket client(port_);
  const auto answer = client.send("HEAD /hello HTTP/1.1\r\nHost: localhost\r\n\r\n").response(true);
  EXPECT_TRUE(answer.contains("Content-Length: 5\r\n"));
  EXPECT_EQ(body_of(answer), "");
  const auto stream =
      client.send("HEAD /much?total=77&size HTTP/1.1\r\nHost: localhost\r\n\r\n").response(true);
  EXPECT_TRUE(stream.contains("Content-Length: 77\r\n")) << stream;
  EXPECT_EQ(body_of(client.send(get_hello).response()), "hello");
}

TEST_F(HttpServerTest, SaysContinueOnlyWhenTheBodyIsWanted) {
  start();
  RawSocket client(port_);
  client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.response(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(body_of(client.send("hello").response()), "hello");
  client.send(
      "POST /nothing HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  const auto refused = client.rest();
  EXPECT_EQ(status_of(refused), 404) << "and closed: whether the body comes is not known";
  EXPECT_TRUE(refused.contains("Connection: close\r\n")) << refused;
  EXPECT_FALSE(refused.contains("100 Continue")) << refused;
}

TEST_F(HttpServerTest, CredentialsAreCheckedBeforeTheBodyIsRead) {
  auto options = listener();
  options.authenticate = check_token;
  options.errors = render_error;
  start({}, std::move(options));
  RawSocket client(port_);
  EXPECT_EQ(body_of(client.send("GET /who HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer good\r\n\r\n")
                        .response()),
            "holder:user");
  const auto refused = client.send("GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n").response();
  EXPECT_EQ(status_of(refused), 499);
  EXPECT_EQ(body_of(refused), "unauthenticated@/who");
  client.send(
      "PUT /operator HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_TRUE(client.rest().starts_with("HTTP/1.1 499")) << "no 100 Continue for a stranger";
}

TEST_F(HttpServerTest, WithoutAnAuthenticatorNobodyGetsIn) {
  start();
  EXPECT_EQ(status_of(ask("GET /who HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer good\r\n\r\n")),
            401);
}

TEST_F(HttpServerTest, DefectsOfHandlersAre500WithARequestId) {
  start();
  RawSocket client(port_);
  for (const std::string_view path : {"/throw", "/bad-header"}) {
    const auto answer =
        client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n").response();
    EXPECT_EQ(status_of(answer), 500) << answer;
    EXPECT_TRUE(answer.contains("X-Request-Id: "));
    EXPECT_FALSE(answer.contains("planted")) << answer;
    EXPECT_FALSE(answer.contains("Set-Cookie")) << answer;
  }
  EXPECT_EQ(status_of(client.send(get_hello).response()), 200);
}

TEST_F(HttpServerTest, DecoratorsSeeEveryResponse) {
  auto options = listener();
  options.decorate = [](const Request& request, Response& response) {
    response.headers.add("X-Seen", request.route.empty() ? "-" : request.route);
  };
  start({}, std::move(options));
  EXPECT_TRUE(ask(get_hello).contains("X-Seen: /hello\r\n"));
  EXPECT_TRUE(ask("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n").contains("X-Seen: -\r\n"));
  EXPECT_TRUE(ask("GET /throw HTTP/1.1\r\nHost: localhost\r\n\r\n").contains("X-Seen: /throw\r\n"));
  EXPECT_TRUE(RawSocket(port_).send("garbage\r\n\r\n").rest().contains("X-Seen: -\r\n"));
}

TEST_F(HttpServerTest, AdmissionIsAskedFirst) {
  auto options = listener();
  options.admit = [](const Request& request) -> Result<> {
    EXPECT_EQ(request.limit_key, net::address_key(net::parse_address("127.0.0.1").value()));
    return fail(ErrorKind::overloaded, "overloaded", "slow down");
  };
  options.errors = [](const Error& error, int, const Request&) {
    return respond(503, "text/plain", error.message);
  };
  start({}, std::move(options));
  const auto answer = ask("GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(body_of(answer), "slow down");
  EXPECT_TRUE(answer.contains("Retry-After: 1\r\n"));
}

TEST_F(HttpServerTest, PreparationIsAwaitedBeforeCredentialsExceptWhereARowIsAlwaysServed) {
  auto options = listener();
  options.prepare = [](const Request* request) -> async::Task<Result<>> {
    if (request->headers.has("Later")) co_return fail(ErrorKind::unavailable, "later", "not yet");
    co_return Result<>{};
  };
  options.errors = [](const Error& error, int, const Request&) {
    return respond(error.code == "later" ? 503 : 401, "text/plain", error.message);
  };
  start({}, std::move(options));
  const auto get = [&](const std::string& path, const std::string& headers) {
    return status_of(ask("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n"));
  };
  EXPECT_EQ(get("/hello", ""), 200);
  EXPECT_EQ(get("/hello", "Later: 1\r\n"), 503);
  EXPECT_EQ(get("/who", ""), 401);
  EXPECT_EQ(get("/who", "Later: 1\r\n"), 503) << "who calls may be that new, too";
  EXPECT_EQ(get("/always", "Later: 1\r\n"), 200);
}

/// PROXY v2 (haproxy.org, proxy-protocol.txt §2.2): signature, PROXY over TCP/IPv6, 36 bytes of addresses.
std::string proxy_v6_header() {
  std::string header("\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24", 16);
  header += std::string("\x20\x01\x0d\xb8\0\x01\0\x02\0\0\0\0\0\0\0\x63", 16);  // 2001:db8:1:2::63
  header += std::string(15, '\0') + '\x01';                                     // ::1
  return header + std::string("\x1f\x90\x20\xfb", 4);
}

TEST_F(HttpServerTest, BehindAFrontDoorLimitsSeeTheClient) {
  auto options = listener();
  options.listen.proxy_protocol_required = true;
  options.listen.trusted_proxies = {net::Cidr::parse("127.0.0.0/8").value()};
  std::string seen;
  options.admit = [&seen](const Request& request) -> Result<> {
    seen = request.peer_address + " " +
           (request.limit_key == net::address_key(net::parse_address("2001:db8:1:2::").value()) ? "/64" : "");
    return {};
  };
  start({}, std::move(options));
  EXPECT_EQ(body_of(RawSocket(port_).send(proxy_v6_header()).send(get_hello).response()), "hello");
  EXPECT_EQ(seen, "2001:db8:1:2::63 /64");
  EXPECT_EQ(RawSocket(port_).send(get_hello).rest(), "") << "without the header there is no service";
  EXPECT_EQ(RawSocket(port_).send(proxy_v6_header() + std::string(get_hello)).response().substr(0, 12),
            "HTTP/1.1 200");
}

TEST_F(HttpServerTest, OverloadAnswers503ExceptWhereARowIsAlwaysServed) {
  ServerOptions options;
  options.max_active_requests = 1;
  start(options);
  RawSocket busy(port_);
  busy.send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(entered_.wait());
  const auto refused = ask(get_hello);
  EXPECT_EQ(status_of(refused), 503);
  EXPECT_TRUE(refused.contains("Retry-After: 1\r\n"));
  EXPECT_EQ(status_of(ask("GET /always HTTP/1.1\r\nHost: localhost\r\n\r\n")), 200);
  release_.set();
  EXPECT_EQ(body_of(busy.response()), "released");
  // The response is here a moment before the server has counted its request off.
  ASSERT_TRUE(eventually([&] { return server_->active_requests() == 0; }));
  EXPECT_EQ(status_of(ask(get_hello)), 200);
}

TEST_F(HttpServerTest, AListenerWithALoadOfItsOwnIsNotShutByTheOthers) {
  ServerOptions options;
  options.max_active_requests = 1;
  options.max_waiting_bodies = 1;
  server_ = std::make_unique<Server>(pool_, options);
  port_ = server_->listen(listener()).value();
  auto apart = listener();
  apart.has_own_load = true;
  const auto operators = server_->listen(std::move(apart)).value();
  server_->start();
  const std::string body =
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
  RawSocket slow(port_);
  ASSERT_EQ(status_of(slow.send(body).response()), 100);
  RawSocket busy(port_);
  busy.send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(entered_.wait());
  ASSERT_EQ(status_of(ask(get_hello)), 503);
  EXPECT_EQ(status_of(RawSocket(operators).send(get_hello).response()), 200);
  // The response is here a moment before the server has counted its request off.
  ASSERT_TRUE(eventually([&] { return server_->active_requests() == 2; }));
  RawSocket sender(operators);
  ASSERT_EQ(status_of(sender.send(body).response()), 100) << "nor by those whose bodies are waited for";
  EXPECT_EQ(body_of(sender.send("hello").response()), "hello");
  release_.set();
  EXPECT_EQ(body_of(busy.response()), "released");
}

TEST_F(HttpServerTest, WhoIsSlowToSendItsBodyKeepsNobodyElseAway) {
  ServerOptions options;
  options.max_active_requests = 1;
  options.max_waiting_bodies_of_one_address = 2;
  start(options);
  const std::string begun = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhe";
  // Who is told to go on waits for its body from then on.
  const auto begin = [](RawSocket& client) {
    client.send(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    const bool told = status_of(client.response()) == 100;
    client.send("he");
    return told;
  };
  // A response is here a moment before the server has counted its request off.
  const auto active = [&](std::size_t requests) {
    return eventually([&] { return server_->active_requests() == requests; });
  };
  RawSocket slow(port_);
  RawSocket slower(port_);
  ASSERT_TRUE(begin(slow));
  EXPECT_EQ(status_of(ask(get_hello)), 200) << "its place is not one of those who are served";
  ASSERT_TRUE(active(1));
  ASSERT_TRUE(begin(slower));
  EXPECT_EQ(status_of(ask(get_hello)), 200);
  ASSERT_TRUE(active(2));
  EXPECT_EQ(status_of(ask(begun)), 503) << "one address waits with two bodies at most";
  ASSERT_TRUE(active(2));
  EXPECT_EQ(status_of(ask(begun + "llo")), 200) << "but one that is all here need not wait";
  ASSERT_TRUE(active(2));
  EXPECT_EQ(body_of(slow.send("llo").response()), "hello");
  ASSERT_TRUE(active(1));
  EXPECT_EQ(body_of(slower.send("llo").response()), "hello");
}

TEST_F(HttpServerTest, WhoIsRefusedHoldsNoPlaceWhileTheRestOfTheBodyComes) {
  ServerOptions options;
  options.max_active_requests = 1;
  start(options);
  RawSocket client(port_);
  client.send("POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhe");
  EXPECT_EQ(status_of(client.response()), 404);
  EXPECT_TRUE(eventually([&] { return server_->active_requests() == 0; }));
  EXPECT_EQ(status_of(ask(get_hello)), 200);
  ASSERT_TRUE(eventually([&] { return server_->active_requests() == 0; }));
  EXPECT_EQ(status_of(client.send("llo").send(get_hello).response()), 200) << "the connection was kept";
}

TEST_F(HttpServerTest, StreamsAreBoundedBecauseEachHoldsAPiece) {
  ServerOptions options;
  options.max_streams = 3;
  options.max_streams_of_one_address = 1;
  start(options);
  RawSocket upload(port_);
  upload.send("PUT /count HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  ASSERT_EQ(status_of(upload.response()), 100) << "it has its place from here on";
  upload.send("he");
  const std::string download = "GET /much?total=10&size HTTP/1.1\r\nHost: localhost\r\n\r\n";
  EXPECT_EQ(status_of(ask(download)), 503);
  EXPECT_EQ(status_of(ask(get_hello)), 200);
  EXPECT_EQ(status_of(upload.send("llo").response()), 200);
  EXPECT_TRUE(eventually([&] { return status_of(ask(download)) == 200; })) << "its place was given back";
}

TEST_F(HttpServerTest, ConnectionsBeyondTheCapAreClosed) {
  auto options = listener();
  options.listen.max_connections = 1;
  start({.shed_after = std::chrono::hours(1)}, std::move(options));
  RawSocket first(port_);
  EXPECT_EQ(status_of(first.send(get_hello).response()), 200);
  EXPECT_TRUE(RawSocket(port_).ended());
  EXPECT_EQ(status_of(first.send(get_hello).response()), 200);
}

TEST_F(HttpServerTest, ClosesBehindTheResponseOnDemand) {
  auto options = listener();
  auto close = std::make_shared<std::atomic<bool>>(false);
  options.close_after_response = [close] { return close->load(); };
  start({}, std::move(options));
  RawSocket client(port_);
  EXPECT_FALSE(client.send(get_hello).response().contains("Connection: close"));
  *close = true;
  const auto last = client.send(get_hello).rest();
  EXPECT_TRUE(last.contains("Connection: close\r\n"));
  EXPECT_EQ(body_of(last), "hello");
}

TEST_F(HttpServerTest, StopFinishesWhatRunsAndClosesTheIdle) {
  start();
  RawSocket idle(port_);
  RawSocket never_used(port_);
  EXPECT_EQ(status_of(idle.send(get_hello).response()), 200);
  auto busy = std::make_unique<RawSocket>(port_);
  busy->send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(entered_.wait());
  bool finished = false;
  std::thread stopper([&] { finished = server_->stop(std::chrono::seconds(20)); });
  EXPECT_TRUE(idle.ended());
  EXPECT_TRUE(never_used.ended());
  release_.set();
  const auto answer = busy->rest();
  EXPECT_EQ(body_of(answer), "released");
  EXPECT_TRUE(answer.contains("Connection: close\r\n"));
  busy.reset();
  stopper.join();
  EXPECT_TRUE(finished);
}

TEST_F(HttpServerTest, StopCancelsWhatDoesNotEnd) {
  start();
  RawSocket busy(port_);
  busy.send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(entered_.wait());
  EXPECT_FALSE(server_->stop(std::chrono::milliseconds(50)));
  EXPECT_TRUE(busy.ended());
}

TEST_F(HttpServerTest, ReportsAPortInUse) {
  start();
  auto options = listener();
  options.listen.port = port_;
  Server second(pool_);
  const auto refused = second.listen(std::move(options));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "port_in_use");
}

}  // namespace
}  // namespace holdfast::http
