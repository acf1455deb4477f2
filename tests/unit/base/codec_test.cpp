#include "holdfast/base/codec.h"

#include <gtest/gtest.h>

#include <limits>

namespace holdfast {
namespace {

TEST(Codec, NumbersAreBigEndian) {
  EXPECT_EQ(ByteWriter().u8(1).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0f).take(),
            "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f");
}

TEST(Codec, ReadsBackWhatItWrote) {
  const Bytes bytes =
      ByteWriter().u8(9).u64(std::numeric_limits<std::uint64_t>::max()).varint(300).bytes("abc").take();
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u8(), 9);
  EXPECT_EQ(reader.u64(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(reader.varint(), 300U);
  EXPECT_EQ(reader.bytes(), "abc");
  EXPECT_TRUE(reader.finish("test"));
}

TEST(Codec, EveryTruncationIsNoticed) {
  const Bytes bytes = ByteWriter().u32(7).bytes("hello").u16(1).take();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader reader(BytesView(bytes).substr(0, size));
    reader.u32();
    reader.bytes();
    reader.u16();
    EXPECT_FALSE(reader.finish("test")) << size;
  }
}

TEST(Codec, LeftOverBytesAreNoticed) {
  ByteReader reader("\x01\x02");
  reader.u8();
  EXPECT_FALSE(reader.finish("test"));
}

TEST(Codec, VarintHasOneEncoding) {
  for (const BytesView bad : {BytesView("\x80\x00", 2), BytesView("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
                              BytesView("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01")}) {
    ByteReader reader(bad);
    reader.varint();
    EXPECT_FALSE(reader.ok());
  }
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128},
                                    std::numeric_limits<std::uint64_t>::max()}) {
    const Bytes bytes = ByteWriter().varint(value).take();
    ByteReader reader(bytes);
    EXPECT_EQ(reader.varint(), value);
    EXPECT_TRUE(reader.finish("test"));
  }
}

TEST(Fields, RoundTripAndSkipUnknown) {
  const Bytes record = FieldWriter()
                           .text(1, "name")
                           .number(2, 70'000)
                           .signed_number(3, -5)
                           .flag(4, true)
                           .text(900, "new")
                           .take();
  const auto reader = FieldReader::parse(record);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->text(1), "name");
  EXPECT_EQ(reader->number(2), 70'000U);
  EXPECT_EQ(reader->signed_number(3), -5);
  EXPECT_TRUE(reader->flag(4));
  EXPECT_EQ(reader->find(5), std::nullopt);
  EXPECT_EQ(reader->number(5, 42), 42U);
}

TEST(Fields, SignedExtremesSurvive) {
  for (const std::int64_t value : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1},
                                   std::int64_t{0}, std::numeric_limits<std::int64_t>::max()}) {
    const Bytes record = FieldWriter().signed_number(1, value).take();
    EXPECT_EQ(FieldReader::parse(record)->signed_number(1), value);
  }
}

TEST(Fields, WhatIsAbsentOrNoNumberIsWhatTheReaderSays) {
  const Bytes record = FieldWriter().text(1, "nine bytes").take();
  const auto reader = FieldReader::parse(record);
  for (const std::uint32_t number : {1U, 2U}) {
    EXPECT_EQ(reader->number(number, 7), 7U);
    EXPECT_EQ(reader->signed_number(number, -7), -7);
    EXPECT_EQ(reader->signed_number(number, std::numeric_limits<std::int64_t>::min()),
              std::numeric_limits<std::int64_t>::min());
    EXPECT_TRUE(reader->flag(number, true));
  }
}

TEST(Fields, RepeatedNumbersAreVisitedInOrder) {
  const Bytes record = FieldWriter().text(1, "a").text(1, "b").take();
  std::string seen;
  FieldReader::parse(record)->all(1, [&](BytesView value) { seen.append(value); });
  EXPECT_EQ(seen, "ab");
}

TEST(Fields, DamagedFramingIsCorrupt) {
  const auto parsed = FieldReader::parse(
      "\x01\x05"
      "ab");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().kind, ErrorKind::corrupt);
}

}  // namespace
}  // namespace holdfast
