#include "holdfast/storage/record.h"

#include <gtest/gtest.h>

#include "holdfast/base/encoding.h"
#include "holdfast/crypto/random.h"

namespace holdfast::storage {
namespace {

using namespace std::string_literals;

const ClusterId record_cluster("00112233445566778899aabbccddeeff");
constexpr Table record_table{Family::identity, 0x0101, "records"};
constexpr std::size_t header_bytes = 1 + 1 + 4 + 2 + 24;

Secret counting_key() {
  Bytes key(32, '\0');
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<char>(i);
  return Secret(key);
}

RecordPlace place_of(BytesView key) { return {.cluster = record_cluster, .table = record_table, .key = key}; }

// Sealed by libsodium, called from an independent script that follows docs/formats/records.md.
TEST(Record, GoldenBytes) {
  const Bytes golden = *from_hex(
      "01000000000700036465666768696a6b6c6d6e6f707172737475767778797a7b141695dc90ff8d9e2d4e4700c17dfc2e8bf9af"
      "2889");
  const auto stored = open_record(place_of("k\0y"s), counting_key(), golden);
  ASSERT_TRUE(stored) << stored.error().describe();
  EXPECT_EQ(stored->plain, "hello");
  EXPECT_EQ(stored->version, 3);
  EXPECT_EQ(to_hex({stored->tag.data(), stored->tag.size()}),
            "6465666768696a6b6c6d6e6f707172737475767778797a7b");
  EXPECT_EQ(sealing_key_of(golden), 7U);
}

TEST(Record, GoldenBytesCompressed) {
  const Bytes golden = *from_hex(
      "01010000000700036465666768696a6b6c6d6e6f707172737475767778797a7b54c6d64d9f0289cf87308d5ec76ebdee717b50"
      "578d863211"
      "b4ffa98cfbf93d7c099b85");
  const auto stored = open_record(place_of("k\0y"s), counting_key(), golden);
  ASSERT_TRUE(stored) << stored.error().describe();
  EXPECT_EQ(stored->plain, Bytes(300, 'a'));
}

TEST(Record, RoundTripOfEverySizeClass) {
  for (const std::size_t size : {0UL, 1UL, 255UL, 256UL, 4096UL, max_record_bytes}) {
    const Bytes plain = crypto::random_bytes(size);
    const auto stored =
        open_record(place_of("k"), counting_key(), seal_record(place_of("k"), 7, counting_key(), 1, plain));
    ASSERT_TRUE(stored) << size;
    EXPECT_EQ(stored->plain, plain);
  }
}

TEST(Record, CompressedOnlyWhereItPays) {
  const auto flags = [](BytesView plain) {
    return seal_record(place_of("k"), 7, counting_key(), 1, plain)[1];
  };
  EXPECT_EQ(flags(Bytes(255, 'a')), 0) << "too short";
  EXPECT_EQ(flags(Bytes(256, 'a')), 1);
  EXPECT_EQ(flags(crypto::random_bytes(4096)), 0) << "does not compress";
  // Seven eighths random: what is saved is just short of, or beyond, an eighth.
  EXPECT_EQ(flags(crypto::random_bytes(4096 - 400) + Bytes(400, 'a')), 0);
  EXPECT_EQ(flags(crypto::random_bytes(4096 - 800) + Bytes(800, 'a')), 1);
}

TEST(Record, TheSamePlaintextNeverSealsToTheSameBytes) {
  EXPECT_NE(seal_record(place_of("k"), 7, counting_key(), 1, "x"),
            seal_record(place_of("k"), 7, counting_key(), 1, "x"));
}

TEST(Record, EveryFlippedBitIsRefused) {
  for (const Bytes& plain : {Bytes("a short value"), Bytes(400, 'a')}) {
    const Bytes sealed = seal_record(place_of("key"), 7, counting_key(), 1, plain);
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
      Bytes bad = sealed;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
      const auto opened = open_record(place_of("key"), counting_key(), bad);
      ASSERT_FALSE(opened) << "bit " << bit;
      EXPECT_EQ(opened.error().kind, ErrorKind::corrupt);
    }
  }
}

TEST(Record, EveryTruncationAndExtensionIsRefused) {
  const Bytes sealed = seal_record(place_of("key"), 7, counting_key(), 1, "value");
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(open_record(place_of("key"), counting_key(), BytesView(sealed).substr(0, size))) << size;
  }
  EXPECT_FALSE(open_record(place_of("key"), counting_key(), sealed + '\0'));
}

TEST(Record, AnotherPlaceIsRefused) {
  const Bytes sealed = seal_record(place_of("key"), 7, counting_key(), 1, "value");
  ASSERT_TRUE(open_record(place_of("key"), counting_key(), sealed));
  const ClusterId other_cluster("ffeeddccbbaa99887766554433221100");
  const Table other_table{.family = Family::identity, .id = 0x0102, .name = "others"};
  EXPECT_FALSE(
      open_record({.cluster = other_cluster, .table = record_table, .key = "key"}, counting_key(), sealed));
  EXPECT_FALSE(
      open_record({.cluster = record_cluster, .table = other_table, .key = "key"}, counting_key(), sealed));
  EXPECT_FALSE(open_record(place_of("kez"), counting_key(), sealed));
  EXPECT_FALSE(open_record(place_of("keys"), counting_key(), sealed));
  EXPECT_FALSE(open_record(place_of("key"), Secret(Bytes(32, 'k')), sealed));
}

TEST(Record, AnotherRecordVersionOrKeyIdIsRefused) {
  const Bytes sealed = seal_record(place_of("key"), 7, counting_key(), 1, "value");
  for (const std::size_t at : {5UL, 7UL}) {  // last bytes of key id and record version
    Bytes bad = sealed;
    ++bad[at];
    EXPECT_FALSE(open_record(place_of("key"), counting_key(), bad));
  }
}

TEST(Record, ClearRecordsAreTheirOwnFormat) {
  const Bytes clear = clear_record(2, "value");
  EXPECT_EQ(to_hex(clear), "00000276616c7565");
  const auto stored = open_clear_record(clear);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->plain, "value");
  EXPECT_EQ(stored->version, 2);
  EXPECT_FALSE(sealing_key_of(clear)) << "a clear value must not pass for a sealed one";
  EXPECT_FALSE(open_record(place_of("key"), counting_key(), clear));
  EXPECT_FALSE(open_clear_record(seal_record(place_of("key"), 7, counting_key(), 1, "value")));
  EXPECT_NE(stored->tag, row_tag_of(clear_record(2, "valuf")));
}

TEST(Record, TagIsTheNonce) {
  const Bytes sealed = seal_record(place_of("key"), 7, counting_key(), 1, "value");
  const auto tag = row_tag_of(sealed);
  EXPECT_EQ(BytesView(tag.data(), tag.size()), BytesView(sealed).substr(header_bytes - 24, 24));
}

}  // namespace
}  // namespace holdfast::storage
