#include "holdfast/http/response.h"

#include <gtest/gtest.h>

#include "response_head.h"
#include "response_parser.h"

namespace holdfast::http {
namespace {

// The three forms of one instant in RFC 9110 §5.6.7.
const WallTime rfc_instant = from_micros(784111777LL * 1'000'000);

TEST(ResponseHead, WritesTheDateOfTheRfc) {
  EXPECT_EQ(to_http_date(rfc_instant), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(ResponseHead, OwnsTheFraming) {
  Response response = respond(201, "text/plain", "abc");
  response.headers.add("content-length", "999")
      .add("Transfer-Encoding", "x")
      .add("Connection", "y")
      .add("X-A", "b");
  const auto plan = plan_response(response, false, false, true);
  EXPECT_EQ(
      response_head(response, plan, false, rfc_instant),
      "HTTP/1.1 201 Created\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\nX-A: b\r\n"
      "Content-Length: 3\r\n\r\n");
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

std::string parsed_response(std::string_view head, Method method = Method::get) {
  const auto parsed = parse_response_head(head, method);
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
