#include "holdfast/http/response.h"

#include <gtest/gtest.h>

#include "answer_text.h"
#include "beast_codec.h"
#include "response_plan.h"

namespace holdfast::http {
namespace {

// The three forms of one instant in RFC 9110 §5.6.7.
const WallTime rfc_instant = from_micros(784111777LL * 1'000'000);

TEST(ResponseHead, WritesTheDateOfTheRfc) {
  EXPECT_EQ(to_http_date(rfc_instant), "Sun, 06 Nov 1994 08:49:37 GMT");
}

std::string message_text(const MessageWriter::Pieces& pieces) {
  return Bytes(pieces.before).append(pieces.body).append(pieces.after);
}

/// The head as Beast writes it in front of streams.
std::string beast_head(const Response& response, const ResponsePlan& plan, bool http_1_0) {
  MessageWriter writer;
  return Bytes(writer.response_head(response, plan, http_1_0, rfc_instant).value().before);
}

TEST(ResponseHead, OwnsTheFraming) {
  Response response = respond(201, "text/plain", "abc");
  response.headers.add("content-length", "999")
      .add("Transfer-Encoding", "x")
      .add("Connection", "y")
      .add("X-A", "b");
  const auto plan = plan_response(response, false, false, true);
  const std::string head =
      "HTTP/1.1 201 Created\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\nX-A: b\r\n"
      "Content-Length: 3\r\n\r\n";
  EXPECT_EQ(beast_head(response, plan, false), head);
  EXPECT_EQ(answer_text(response, plan, false, rfc_instant), head + "abc");
}

TEST(ResponseHead, LeavesOutBodiesThatMayNotBe) {
  for (const int status : {204, 304}) {
    Response response = respond_empty(status);
    response.body = "x";
    const auto plan = plan_response(response, false, false, true);
    EXPECT_FALSE(plan.with_body);
    EXPECT_FALSE(plan.length);
    EXPECT_FALSE(plan.chunked);
  }
  Response head_row = respond_empty(200);
  head_row.head_size = 4711;
  EXPECT_EQ(plan_response(head_row, true, false, true).length, 4711U);
  EXPECT_EQ(plan_response(head_row, false, false, true).length, 0U) << "only for HEAD";
}

TEST(AnswerText, HasTheHeadThatBeastWrites) {
  for (const int status : {200, 204, 304, 404, 503, 599}) {
    for (const std::size_t size : {0UL, 5UL, max_joined_body_bytes, max_joined_body_bytes + 1}) {
      Response response = respond(status, "text/plain", Bytes(size, 'x'));
      response.headers.add("X-Long", std::string(5000, 'y'))
          .add("x-a", "")
          .add("Set-Cookie", "a")
          .add("Set-Cookie", "b");
      for (const int bits : {0, 1, 2, 3, 4, 5, 6, 7}) {
        const bool is_head = (bits & 1) != 0, http_1_0 = (bits & 2) != 0;
        const auto plan = plan_response(response, is_head, http_1_0, (bits & 4) != 0);
        const bool joined = plan.with_body && is_small(response);
        EXPECT_EQ(answer_text(response, plan, http_1_0, rfc_instant),
                  beast_head(response, plan, http_1_0) + (joined ? response.body : Bytes()))
            << status << " " << size << " " << bits;
      }
    }
  }
}

TEST(AnswerText, LeavesLargeBodiesAndStreamsToOthers) {
  EXPECT_TRUE(is_small(respond(200, "text/plain", Bytes(max_joined_body_bytes, 'x'))));
  EXPECT_FALSE(is_small(respond(200, "text/plain", Bytes(max_joined_body_bytes + 1, 'x'))));
}

class NoSource final : public BodySource {
 public:
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }
  async::Task<Result<Bytes>> read() override { co_return Bytes(); }
};

TEST(MessageWriter, FramesStreams) {
  Response response = respond_empty(200);
  response.stream = std::make_unique<NoSource>();
  const auto streamed = [&](bool http_1_0, std::initializer_list<BytesView> pieces) {
    MessageWriter writer;
    const auto plan = plan_response(response, false, http_1_0, true);
    auto text = message_text(writer.response_head(response, plan, http_1_0, rfc_instant).value());
    for (const BytesView piece : pieces) {
      const auto framed = writer.next(piece).value();
      EXPECT_EQ(framed.body.data(), piece.data());
      text += message_text(framed);
    }
    return text.substr(text.find("GMT\r\n") + 5);
  };
  EXPECT_EQ(
      streamed(false, {"hello", std::string(31, 'x'), ""}),
      "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1f\r\n" + std::string(31, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(streamed(false, {""}), "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  EXPECT_EQ(streamed(true, {"hello", "you", ""}), "Connection: close\r\n\r\nhelloyou");
}

TEST(MessageWriter, WritesRequests) {
  const Headers headers{{"X-A", "b"}, {"host", "evil"}, {"Content-Length", "9"}};
  MessageWriter writer;
  EXPECT_EQ(message_text(writer
                             .request({.method = Method::del,
                                       .target = "/a?b=c",
                                       .authority = "a.example:1",
                                       .headers = &headers,
                                       .body = "ping",
                                       .with_length = true,
                                       .keep_alive = false})
                             .value()),
            "DELETE /a?b=c HTTP/1.1\r\nHost: a.example:1\r\nX-A: b\r\nContent-Length: 4\r\n"
            "Connection: close\r\n\r\nping");
  EXPECT_EQ(
      message_text(writer.request({.target = "/", .authority = "a.example", .headers = &headers}).value()),
      "GET / HTTP/1.1\r\nHost: a.example\r\nX-A: b\r\n\r\n");
}

TEST(MessageWriter, SaysWhatCannotBeAHeader) {
  EXPECT_TRUE(is_sendable({{"A", std::string(65'533, 'x')}}));
  for (const Header& bad :
       {Header{"A", std::string(65'534, 'x')}, Header{"A", "b\r\nC: d"}, Header{"A b", "c"}}) {
    EXPECT_FALSE(is_sendable(Headers{bad})) << bad.name;
  }
  Response response = respond_empty(200);
  response.headers.add("A", std::string(65'533, 'x'));
  MessageWriter writer;
  const auto plan = plan_response(response, false, false, true);
  EXPECT_TRUE(writer.response_head(response, plan, false, rfc_instant)) << "the limit is Beast's own";
  response.headers.add("B", std::string(65'534, 'x'));
  EXPECT_FALSE(writer.response_head(response, plan, false, rfc_instant));
}

std::string parsed_response(std::string_view head, Method method = Method::get) {
  const auto parsed = MessageReader().read_response_head(head, method);
  if (!parsed) return "refused";
  const auto& framing = parsed->framing;
  return std::to_string(parsed->status) +
         (framing.chunked       ? " chunked"
          : framing.until_close ? " close"
                                : " ") +
         std::to_string(framing.length) + (parsed->keep_alive ? " keep" : "");
}

TEST(ResponseParser, ReadsTheFraming) {
  EXPECT_EQ(parsed_response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), "200 5 keep");
  EXPECT_EQ(parsed_response("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n"), "200 chunked0 keep");
  EXPECT_EQ(parsed_response("HTTP/1.1 200\r\n\r\n"), "200 close0");
  EXPECT_EQ(parsed_response("HTTP/1.1 204 No Content\r\n\r\n"), "204 0 keep");
  EXPECT_EQ(parsed_response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Method::head), "200 0 keep");
  EXPECT_EQ(parsed_response("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n"), "200 1");
  EXPECT_EQ(parsed_response("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n"), "200 1");
}

TEST(ResponseParser, RefusesWhatIsNotCertain) {
  for (const std::string_view bad :
       {"HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000\r\n\r\n", "HTTP/1.1 0OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\n"}) {
    EXPECT_EQ(parsed_response(bad), "refused") << bad;
  }
}

}  // namespace
}  // namespace holdfast::http
