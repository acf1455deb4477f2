#include "holdfast/objects/aws_chunked.h"

#include <gtest/gtest.h>

#include <random>

#include "holdfast/base/encoding.h"
#include "holdfast/objects/checksum.h"

namespace holdfast::objects {
namespace {

Result<Bytes> decode(BytesView body, std::uint64_t length, std::size_t step = ~std::size_t{0},
                     AwsChunkedDecoder::Trailers* trailers = nullptr) {
  AwsChunkedDecoder decoder(length);
  Bytes out;
  while (!body.empty()) {
    const auto part = body.substr(0, step);
    TRY_VOID(decoder.feed(part, out));
    body.remove_prefix(part.size());
  }
  TRY_VOID(decoder.finish());
  if (trailers != nullptr) *trailers = decoder.trailers();
  return out;
}

std::string code_of(BytesView body, std::uint64_t length) {
  const auto result = decode(body, length);
  return result ? "ok" : std::string(result.error().code);
}

// The example of the Amazon S3 API reference, "Signature calculations for the Authorization header:
// transferring a payload in multiple chunks": 65 KiB of the letter a, 66,824 bytes on the wire.
Bytes published_body(bool with_trailer) {
  const Bytes sha(64, 'f');
  Bytes body = "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n";
  body += Bytes(65'536, 'a') + "\r\n";
  body += "400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n";
  body += Bytes(1'024, 'a') + "\r\n";
  body += "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n";
  if (with_trailer) body += "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:" + sha + "\r\n";
  return body + "\r\n";
}

TEST(AwsChunked, ThePublishedExampleDecodes) {
  const auto body = published_body(false);
  EXPECT_EQ(body.size(), 66'824U);
  for (const std::size_t step : {1UL, 7UL, 1'000UL, 100'000UL}) {
    const auto decoded = decode(body, 66'560, step);
    ASSERT_TRUE(decoded) << step;
    EXPECT_EQ(*decoded, Bytes(66'560, 'a'));
  }
}

TEST(AwsChunked, ThePublishedTrailerMatchesTheContent) {
  AwsChunkedDecoder::Trailers trailers;
  const auto decoded = decode(published_body(true), 66'560, 13, &trailers);
  ASSERT_TRUE(decoded);
  ASSERT_EQ(trailers.size(), 2U);
  EXPECT_EQ(trailers[0].first, "x-amz-checksum-crc32c");
  Checksum checksum(*checksum_kind_of(trailers[0].first));
  checksum.update(*decoded);
  EXPECT_EQ(to_base64(checksum.finish()), trailers[0].second);
}

TEST(AwsChunked, UnsignedBodiesWithTrailers) {
  AwsChunkedDecoder::Trailers trailers;
  EXPECT_EQ(decode("5\r\nhello\r\n0\r\nX-Amz-Checksum-CRC32: NhCmhg==\r\n\r\n", 5, 3, &trailers), "hello");
  EXPECT_EQ(trailers, (AwsChunkedDecoder::Trailers{{"x-amz-checksum-crc32", "NhCmhg=="}}));
  EXPECT_EQ(decode("A\r\n0123456789\r\n0\r\n\r\n", 10), "0123456789");
  EXPECT_EQ(decode("0\r\n\r\n", 0), "");
  EXPECT_EQ(decode("0\r\nx-amz-checksum-crc32:AAAAAA==\n\r\n", 0), "");
}

TEST(AwsChunked, EveryTruncationIsNoticed) {
  const Bytes body = "5\r\nhello\r\n3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_EQ(code_of(BytesView(body).substr(0, size), 8), "incomplete_body") << size;
  }
  EXPECT_EQ(code_of(body, 8), "ok");
}

TEST(AwsChunked, TheAnnouncedLengthIsBinding) {
  EXPECT_EQ(code_of("5\r\nhello\r\n0\r\n\r\n", 4), "incomplete_body");
  EXPECT_EQ(code_of("5\r\nhello\r\n0\r\n\r\n", 6), "incomplete_body");
  EXPECT_EQ(code_of("ffffffffffffffff\r\n", 10), "incomplete_body");
}

TEST(AwsChunked, MalformedFramingIsRefused) {
  for (const auto& bad :
       {Bytes("\r\n"), Bytes("5\nhello\r\n0\r\n\r\n"), Bytes("g\r\n"), Bytes("-1\r\n"),
        Bytes("0x5\r\nhello\r\n"), Bytes(" 5\r\nhello\r\n"), Bytes("5 \r\nhello\r\n"),
        Bytes("00000000000000005\r\n"), Bytes("5;name=value\r\nhello\r\n"),
        Bytes("5;chunk-signature=12\r\nhello\r\n"), Bytes("5\r\nhelloX\r\n"), Bytes("5\r\nhello\n0\r\n\r\n"),
        Bytes("0\r\n:value\r\n\r\n"), Bytes("0\r\nno colon\r\n\r\n"), Bytes("0\r\n\r\nmore"),
        Bytes(5'000, '1'), Bytes("0\r\na:") + Bytes(5'000, 'v') + "\r\n\r\n"}) {
    EXPECT_EQ(code_of(bad, 5), "invalid_chunk") << bad.substr(0, 40);
  }
}

TEST(AwsChunked, TrailersAreBoundedInAll) {
  Bytes body = "0\r\n";
  for (int i = 0; i < 6; ++i) body += "a:" + Bytes(1'500, 'v') + "\r\n";
  EXPECT_EQ(code_of(body + "\r\n", 0), "invalid_chunk");
}

TEST(AwsChunked, AFailedDecoderStaysFailed) {
  AwsChunkedDecoder decoder(5);
  Bytes out;
  EXPECT_FALSE(decoder.feed("zz\r\n", out));
  EXPECT_FALSE(decoder.feed("5\r\nhello\r\n0\r\n\r\n", out));
  EXPECT_FALSE(decoder.finish());
  EXPECT_EQ(out, "");
}

TEST(AwsChunked, AnyCutGivesTheSameContent) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Bytes content;
  Bytes body;
  for (int chunk = 0; chunk < 20; ++chunk) {
    Bytes data(1 + random() % 300, '\0');
    for (auto& c : data) c = static_cast<char>(random());
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", data.size());
    body += size + data + "\r\n";
    content += data;
  }
  body += "0\r\n\r\n";
  AwsChunkedDecoder decoder(content.size());
  Bytes out;
  for (BytesView rest = body; !rest.empty();) {
    const auto part = rest.substr(0, 1 + random() % 40);
    ASSERT_TRUE(decoder.feed(part, out));
    rest.remove_prefix(part.size());
  }
  ASSERT_TRUE(decoder.finish());
  EXPECT_EQ(out, content);
}

}  // namespace
}  // namespace holdfast::objects
