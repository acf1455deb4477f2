#include <gtest/gtest.h>

#include "beast_codec.h"
#include "chunk_lines.h"
#include "request_head.h"

// Chunked bodies through the wall, filter and Beast together: raw bytes in.

namespace holdfast::http {
namespace {

constexpr std::string_view chunked_request_head =
    "PUT /x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view chunked_response_head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// The decoded body and what is left of the input; "error", or "incomplete", fed in pieces of `step` bytes.
std::string decoded_by(MessageReader& decoder, BytesView in, std::size_t step) {
  Bytes out;
  while (!in.empty() && !decoder.done()) {
    const auto piece = in.substr(0, step);
    const auto used = decoder.decode(piece, out);
    if (!used) return "error";
    EXPECT_TRUE(*used == piece.size() || decoder.done());
    in.remove_prefix(*used);
  }
  return decoder.done() ? out + "|" + std::string(in) : "incomplete";
}

std::string decoded_in_steps(BytesView in, std::size_t step) {
  MessageReader of_requests;
  EXPECT_TRUE(of_requests.read_request_head(chunked_request_head));
  auto result = decoded_by(of_requests, in, step);
  MessageReader of_responses;
  EXPECT_TRUE(of_responses.read_response_head(chunked_response_head, Method::get));
  EXPECT_EQ(decoded_by(of_responses, in, step), result) << "responses are read like requests";
  return result;
}

std::string decoded(BytesView in) {
  const auto whole = decoded_in_steps(in, in.size());
  for (const std::size_t step : {1U, 2U, 3U, 7U}) EXPECT_EQ(decoded_in_steps(in, step), whole) << step;
  return whole;
}

TEST(Chunked, DecodesAndStopsBehindTheBody) {
  EXPECT_EQ(decoded("5\r\nhello\r\n0\r\n\r\nGET /"), "hello|GET /");
  EXPECT_EQ(decoded("1\r\na\r\n0A\r\n0123456789\r\n000\r\n\r\n"), "a0123456789|");
  EXPECT_EQ(decoded("3;name=\"v\";x\r\nabc\r\n0;last\r\n\r\n"), "abc|");
  EXPECT_EQ(decoded("2\r\n\r\n\r\n0\r\n\r\n"), "\r\n|");
}

TEST(Chunked, ChecksAndDropsTrailers) {
  EXPECT_EQ(decoded("0\r\nDigest: x\r\nContent-Length: 7\r\n\r\nrest"), "|rest");
  EXPECT_EQ(decoded("0\r\nA : x\r\n\r\n"), "error");
  EXPECT_EQ(decoded("0\r\nA: x\r\n folded\r\n\r\n"), "error");
  EXPECT_EQ(decoded("0\r\nA: \x01\r\n\r\n"), "error");
  EXPECT_EQ(decoded("0\r\nA: x\n\r\n"), "error");
  const std::string long_value(ChunkLines::max_trailer_bytes, 'x');
  EXPECT_EQ(decoded_in_steps("0\r\nA: " + long_value + "\r\n\r\n", 64), "error");
  std::string many = "0\r\n";
  for (int i = 0; i < 1000; ++i) many += "A: xx\r\n";
  EXPECT_EQ(decoded_in_steps(many + "\r\n", 64), "error");
}

TEST(Chunked, RefusesWhatTwoReadersCouldTakeDifferently) {
  for (const std::string_view bad :
       {"\r\n", "x\r\n", "0x5\r\nhello\r\n", "+5\r\nhello\r\n", "-1\r\n", " 5\r\nhello\r\n",
        "5 \r\nhello\r\n", "5\nhello\r\n", "5\r\nhelloX\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello0\r\n\r\n",
        "5\rhello\r\n", "5;a\x01\r\nhello\r\n", "5;a\rb\r\nhello\r\n", "1000000000000000\r\n",
        "fffffffffffffffff\r\n", ";x\r\n", "5,\r\nhello\r\n"}) {
    EXPECT_EQ(decoded(bad), "error") << bad;
  }
  const std::string extension(ChunkLines::max_size_line_bytes, 'x');
  EXPECT_EQ(decoded_in_steps("5;" + extension + "\r\nhello\r\n", 64), "error");
  EXPECT_EQ(decoded_in_steps(std::string(300, '0'), 64), "error") << "an endless size line";
}

TEST(Chunked, RefusesExtensionsThatDoNotEndWithTheirLine) {
  for (const std::string_view bad :
       {"5;a=\"x\r\nhello\r\n0\r\n\r\n\"\r\n", "0;a=\"x\r\n\r\n", "0;a=\"x\r\nA: \"b\r\n\r\n",
        "5;a=\"x\\\r\nhello\r\n", "5;=x\r\nhello\r\n", "5 ;x\r\nhello\r\n", "0 ;x\r\n\r\n",
        "0;a=\"\n\"\r\n\r\n", "5;a=\"\x7f\"\r\nhello\r\n"}) {
    EXPECT_EQ(decoded(bad), "error") << bad;
  }
}

// What Beast itself would do with these trailers: add them to the fields, or refuse a Content-Length.
TEST(Chunked, TrailersThatLookLikeFramingChangeNothing) {
  MessageReader reader;
  auto head = reader.read_request_head(chunked_request_head).value();
  Bytes out;
  const std::string_view body =
      "1\r\na\r\n0\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\nConnection: close\r\n"
      "Authorization: planted\r\n\r\n";
  EXPECT_EQ(reader.decode(body, out).value(), body.size());
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(out, "a");
  EXPECT_EQ(head.headers.size(), 2U);
  EXPECT_TRUE(head.keep_alive);
}

TEST(Chunked, LeavesWhatFollowsAndBeginsAnew) {
  const std::string_view in =
      "PUT /x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: v\r\n\r\n"
      "POST /y HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\ndef"
      "GET /z HTTP/1.1\r\nHost: a.example\r\n\r\n";
  MessageReader reader;
  std::string seen;
  for (BytesView rest = in; !rest.empty();) {
    const auto size = HeadScanner().scan(rest).value().value();
    seen += reader.read_request_head(rest.substr(0, size)).value().target.path + "=";
    rest.remove_prefix(size);
    Bytes out;
    rest.remove_prefix(reader.decode(rest, out).value());
    EXPECT_TRUE(reader.done());
    seen += out + " ";
  }
  EXPECT_EQ(seen, "/x=abc /y=def /z= ");
}

TEST(Chunked, AnEndOfInputIsAnEndOnlyWhereTheBodyEnds) {
  for (const std::string_view part : {"", "5\r\nhel", "5\r\nhello\r\n", "0\r\n", "0\r\nA: b\r\n"}) {
    MessageReader reader;
    EXPECT_TRUE(reader.read_request_head(chunked_request_head));
    Bytes out;
    EXPECT_TRUE(reader.decode(part, out));
    EXPECT_FALSE(reader.end()) << part;
  }
  MessageReader reader;
  EXPECT_TRUE(reader.read_request_head(chunked_request_head));
  Bytes out;
  EXPECT_TRUE(reader.decode("0\r\n\r\n", out));
  EXPECT_TRUE(reader.end());
  EXPECT_TRUE(reader.read_response_head("HTTP/1.1 200 OK\r\n\r\n", Method::get));
  EXPECT_EQ(reader.decode("all of it", out).value(), 9U);
  EXPECT_FALSE(reader.done());
  EXPECT_TRUE(reader.end());
  EXPECT_TRUE(reader.done());
}

TEST(Chunked, WaitsForMore) {
  for (const std::string_view part : {"5", "5\r", "5\r\n", "5\r\nhel", "5\r\nhello", "5\r\nhello\r",
                                      "5\r\nhello\r\n", "0\r\n", "0\r\n\r", "0\r\nA: b\r\n"}) {
    EXPECT_EQ(decoded(part), "incomplete") << part;
  }
}

}  // namespace
}  // namespace holdfast::http
