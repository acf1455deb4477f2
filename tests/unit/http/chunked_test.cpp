#include "chunked.h"

#include <gtest/gtest.h>

namespace holdfast::http {
namespace {

/// The decoded body and what is left of the input; "error", or "incomplete", fed in pieces of `step` bytes.
std::string decoded_in_steps(BytesView in, std::size_t step) {
  ChunkDecoder decoder;
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
  const std::string long_value(ChunkDecoder::max_trailer_bytes, 'x');
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
  const std::string extension(ChunkDecoder::max_size_line_bytes, 'x');
  EXPECT_EQ(decoded_in_steps("5;" + extension + "\r\nhello\r\n", 64), "error");
  EXPECT_EQ(decoded_in_steps(std::string(300, '0'), 64), "error") << "an endless size line";
}

TEST(Chunked, WaitsForMore) {
  for (const std::string_view part : {"5", "5\r", "5\r\n", "5\r\nhel", "5\r\nhello", "5\r\nhello\r",
                                      "5\r\nhello\r\n", "0\r\n", "0\r\n\r", "0\r\nA: b\r\n"}) {
    EXPECT_EQ(decoded(part), "incomplete") << part;
  }
}

}  // namespace
}  // namespace holdfast::http
