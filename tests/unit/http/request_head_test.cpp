#include "request_head.h"

#include <gtest/gtest.h>

#include "beast_codec.h"

namespace holdfast::http {
namespace {

std::string head_with(std::string_view lines, std::string_view request_line = "POST /x HTTP/1.1") {
  return std::string(request_line) + "\r\nHost: a.example\r\n" + std::string(lines) + "\r\n";
}

std::string get(std::string_view target) { return head_with("", "GET " + std::string(target) + " HTTP/1.1"); }

std::string with_host(std::string_view value) {
  return "GET / HTTP/1.1\r\nHost:" + std::string(value) + "\r\n\r\n";
}

std::string refusal_text(const EdgeError& error) {
  return std::to_string(error.status) + " " + std::string(error.error.code);
}

/// "ok", or the refusal's status and code, as the session comes to them: scanner, filter, Beast.
std::string verdict(BytesView bytes) {
  const auto size = HeadScanner().scan(bytes);
  if (!size) return refusal_text(size.error());
  if (!*size) return "incomplete";
  const auto head = MessageReader().read_request_head(bytes.substr(0, **size));
  return head ? "ok" : refusal_text(head.error());
}

/// The same without Beast: what must not reach it.
std::string filtered(BytesView bytes) {
  const auto size = HeadScanner().scan(bytes);
  if (!size) return refusal_text(size.error());
  if (!*size) return "incomplete";
  const auto checked = check_request_head(bytes.substr(0, **size));
  return checked ? "ok" : refusal_text(checked.error());
}

RequestHead accepted(BytesView bytes) {
  auto head = MessageReader().read_request_head(bytes);
  EXPECT_TRUE(head) << (head ? "" : head.error().error.message);
  return head ? *std::move(head) : RequestHead{};
}

TEST(RequestHead, ReadsAWellFormedOne) {
  const auto head = accepted(
      "PUT /b%20k/k?x=1&y=%2B+ HTTP/1.1\r\nHOST: A.Example:8443\r\nContent-Length: 12\r\nX-A:\t v  \r\n\r\n");
  EXPECT_EQ(head.method, Method::put);
  EXPECT_EQ(head.host, "a.example");
  EXPECT_EQ(head.target.raw_path, "/b%20k/k");
  EXPECT_EQ(head.target.path, "/b k/k");
  EXPECT_EQ(head.target.query.find("y"), "+ ");
  EXPECT_EQ(head.content_length, 12U);
  EXPECT_EQ(head.headers.find("x-a"), "v");
  EXPECT_TRUE(head.keep_alive);
  EXPECT_TRUE(accepted(head_with("Transfer-Encoding: chunked\r\n")).chunked);
}

TEST(RequestHead, KeepAliveAndExpectation) {
  EXPECT_FALSE(accepted(head_with("Connection: x, Close\r\n")).keep_alive);
  EXPECT_FALSE(accepted(head_with("", "GET / HTTP/1.0")).keep_alive);
  EXPECT_FALSE(accepted(head_with("Connection: keep-alive, close\r\n", "GET / HTTP/1.0")).keep_alive);
  EXPECT_TRUE(accepted(head_with("Connection: keep-alive\r\n", "GET / HTTP/1.0")).keep_alive);
  EXPECT_TRUE(accepted(head_with("Expect: 100-Continue\r\nContent-Length: 1\r\n")).expects_continue);
  EXPECT_FALSE(accepted(head_with("Expect: 100-continue\r\n")).expects_continue)
      << "no body, nothing to wait for";
  EXPECT_FALSE(accepted(head_with("Expect: 100-continue\r\nContent-Length: 1\r\n", "PUT / HTTP/1.0"))
                   .expects_continue);
}

TEST(RequestHead, ScannerFindsTheEndByteByByte) {
  const std::string bytes = head_with("A: b\r\n") + "BODY";
  HeadScanner scanner;
  for (std::size_t size = 1; size < bytes.size() - 4; ++size) {
    ASSERT_EQ(scanner.scan(BytesView(bytes).substr(0, size)).value(), std::nullopt) << size;
  }
  EXPECT_EQ(scanner.scan(bytes).value(), bytes.size() - 4);
}

TEST(RequestHead, RefusesAControlCharacterWhereverItIs) {
  const std::string head = head_with("A-Header: with a value that is long enough\r\nB: c\r\n");
  for (std::size_t at = 0; at < head.size(); ++at) {
    if (head[at] == '\r' || head[at] == '\n') continue;
    for (const char bad : {'\0', '\x01', '\x1f', '\x7f', '\r', '\n', '\v'}) {
      auto broken = head;
      broken[at] = bad;
      EXPECT_EQ(verdict(broken), "400 invalid_request") << at << " " << static_cast<int>(bad);
    }
  }
  EXPECT_EQ(verdict(head_with("A: a\ttab \x80\xff\r\n")), "ok");
}

TEST(RequestHead, BoundsTheHead) {
  const std::string padding(max_head_bytes - head_with("A: \r\n").size(), 'a');
  EXPECT_EQ(verdict(head_with("A: " + padding + "\r\n")), "ok");
  EXPECT_EQ(verdict(head_with("A: " + padding + "a\r\n")), "431 head_too_large");
  EXPECT_EQ(verdict("GET /" + std::string(max_head_bytes, 'a')), "431 head_too_large");
  EXPECT_EQ(verdict("GET /" + std::string(100, 'a')), "incomplete");
}

TEST(RequestHead, RefusesUncertainLines) {
  const std::string nul(1, '\0');
  for (const std::string& bad :
       {std::string("GET / HTTP/1.1\nHost: a.example\n\n"),
        std::string("GET / HTTP/1.1\r\nHost: a.example\nA: b\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nHost: a.example\r\nA: b\rc\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\r\nHost: a.example\r\n\r\n"),
        std::string("\r\nGET / HTTP/1.1\r\nHost: a.example\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\n Host: a.example\r\n\r\n"), head_with("A: b\r\n c\r\n"),
        head_with("A: b\r\n\tc\r\n"), head_with("A: b" + nul + "\r\n"), head_with("A: \x1b[0m\r\n"),
        head_with("A: \x7f\r\n"), std::string("\x16\x03\x01\x02", 4), head_with("A : b\r\n"),
        head_with("A\t: b\r\n"), head_with("Abc\r\n"), head_with(": b\r\n"), head_with("A\xe9: b\r\n"),
        head_with("A/B: b\r\n")}) {
    EXPECT_EQ(verdict(bad), "400 invalid_request") << bad;
    EXPECT_EQ(filtered(bad), "400 invalid_request") << bad;
  }
}

TEST(RequestHead, RefusesMalformedRequestLines) {
  for (const std::string_view bad :
       {"GET HTTP/1.1", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET /a b HTTP/1.1",
        "GET\t/\tHTTP/1.1", "GET / http/1.1", "GET / HTTP/1.10", "GET / HTTP/1", "G(T / HTTP/1.1",
        "GET / "}) {
    EXPECT_EQ(verdict(head_with("", bad)), "400 invalid_request") << bad;
  }
  for (const std::string_view version : {"HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/3.0"}) {
    EXPECT_EQ(verdict(head_with("", "PRI * " + std::string(version))), "505 unsupported_version") << version;
  }
  for (const std::string_view method : {"TRACE /", "CONNECT a.example:443", "get /", "BREW /"}) {
    EXPECT_EQ(verdict(head_with("", std::string(method) + " HTTP/1.1")), "501 unknown_method") << method;
  }
}

TEST(RequestHead, RefusesUncertainTargets) {
  for (const std::string_view bad :
       {"https://a.example/", "*", "a.example:443", "/a#b", "/%4", "/%zz", "/?a=%", "/%00", "/?%00",
        "/a/../b", "/a/%2e%2E/b", "/a%2f..%2fb", "/.", "/\xc3\xa9", "/a\\b", "/a|b", "/\"", "/{a}"}) {
    EXPECT_EQ(verdict(get(bad)), "400 invalid_request") << bad;
  }
  EXPECT_EQ(verdict(get("/%ff")), "400 invalid_utf8");
  EXPECT_EQ(verdict(get("/?a=%c0%af")), "400 invalid_utf8");
}

TEST(RequestHead, WantsExactlyOneHost) {
  for (const std::string& bad :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string("GET / HTTP/1.0\r\n\r\n"),
        head_with("Host: b.example\r\n"), head_with("host: a.example\r\n"), with_host(""),
        with_host(" a.example/x"), with_host(" a.example, b.example"), with_host(" x@a.example"),
        with_host(" a.example:80x"), with_host(" a.example:"), with_host(" [::1"), with_host(" [::1]x:1"),
        with_host(" []"), with_host(" :80"), with_host(" a b"), with_host(" a.example:123456")}) {
    EXPECT_EQ(verdict(bad), "400 invalid_request") << bad;
    EXPECT_EQ(filtered(bad), "400 invalid_request") << bad;
  }
  EXPECT_EQ(host_name_of("LOCALHOST"), "localhost");
  EXPECT_EQ(host_name_of("127.0.0.1:8443"), "127.0.0.1");
  EXPECT_EQ(host_name_of("[::1]:8443"), "[::1]");
  EXPECT_EQ(host_name_of("[FE80::1]"), "[fe80::1]");
}

TEST(RequestHead, RefusesEveryShapeOfSmuggling) {
  for (const std::string_view bad : {"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
                                     "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
                                     "Transfer-Encoding: identity\r\n",
                                     "Transfer-Encoding: chunked, identity\r\n",
                                     "Transfer-Encoding: gzip, chunked\r\n",
                                     "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                                     "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
                                     "Transfer-Encoding: Chunked\r\n",
                                     "Transfer-Encoding: \"chunked\"\r\n",
                                     "Transfer-Encoding: xchunked\r\n",
                                     "Transfer-Encoding:\r\n",
                                     "Transfer-Encoding: \x0b"
                                     "chunked\r\n",
                                     "Transfer-Encoding : chunked\r\n",
                                     "Transfer-Encoding: chunked;q=1\r\n",
                                     "Content-Length: 3\r\nContent-Length: 3\r\n",
                                     "Content-Length: 3\r\nContent-Length: 4\r\n",
                                     "Content-Length: 3, 3\r\n",
                                     "Content-Length: +3\r\n",
                                     "Content-Length: -1\r\n",
                                     "Content-Length: 0x3\r\n",
                                     "Content-Length:\r\n",
                                     "Content-Length: 1 2\r\n",
                                     "Content-Length: 99999999999999999999\r\n",
                                     "Authorization: a\r\nauthorization: b\r\n"}) {
    EXPECT_EQ(verdict(head_with(bad)), "400 invalid_request") << bad;
    EXPECT_EQ(filtered(head_with(bad)), "400 invalid_request") << bad;
  }
  EXPECT_EQ(verdict(head_with("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0")), "400 invalid_request");
  EXPECT_EQ(filtered(head_with("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0")), "400 invalid_request");
  EXPECT_EQ(verdict(head_with("Expect: 200-ok\r\nContent-Length: 1\r\n")), "417 unsupported_expectation");
}

}  // namespace
}  // namespace holdfast::http
