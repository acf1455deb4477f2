#include "holdfast/storage/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "holdfast/base/encoding.h"

namespace holdfast::storage {
namespace {

using namespace std::string_literals;

TEST(Families, TheMapIsFixed) {
  EXPECT_EQ(to_hex(family_map_hash()), "c1d235534006bb8099a03d3576d2a7bb0d98cafdf0ac208653bf17a367608216");
}

TEST(Keys, GoldenBytes) {
  const Bytes key =
      KeyWriter().u8(1).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0f).text("a\0b"s).fixed("raw").take();
  EXPECT_EQ(to_hex(key), "0102030405060708090a0b0c0d0e0f6100ff620001726177");
  EXPECT_EQ(to_hex(full_key({.family = Family::apps, .id = 0x0301, .name = "t"}, "k")), "03016b");
}

TEST(Keys, ReadBack) {
  const Bytes key = KeyWriter().u8(9).u16(8).u32(7).u64(6).text("te\0xt"s).fixed("fixed").take();
  KeyReader reader(key);
  EXPECT_EQ(reader.u8(), 9);
  EXPECT_EQ(reader.u16(), 8);
  EXPECT_EQ(reader.u32(), 7U);
  EXPECT_EQ(reader.u64(), 6U);
  EXPECT_EQ(reader.text(), "te\0xt"s);
  EXPECT_EQ(reader.fixed(3), "fix");
  EXPECT_EQ(reader.rest(), "ed");
  EXPECT_TRUE(reader.finish("test"));
}

TEST(Keys, DamageIsNoticed) {
  for (const auto& bad : {""s, "abc"s, "abc\0"s, "a\0\0\1"s, "a\0\2"s}) {
    KeyReader reader(bad);
    reader.text();
    EXPECT_FALSE(reader.ok()) << to_hex(bad);
  }
  const Bytes longer = "a\0\1b"s;
  KeyReader left_over(longer);
  left_over.text();
  EXPECT_FALSE(left_over.finish("test"));
}

TEST(Keys, ByteOrderIsTheOrderOfTheParts) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  using Parts = std::tuple<std::string, std::uint32_t, std::string>;
  const auto text = [&] {
    std::string out;
    for (auto size = random() % 4; size > 0; --size) out.push_back("\x00\x01\x7f\xff"[random() % 4]);
    return out;
  };
  std::vector<std::pair<Parts, Bytes>> rows;
  for (int i = 0; i < 2000; ++i) {
    const Parts parts{text(), random() % 3, text()};
    rows.emplace_back(
        parts, KeyWriter().text(std::get<0>(parts)).u32(std::get<1>(parts)).text(std::get<2>(parts)).take());
  }
  std::ranges::sort(rows, {}, &std::pair<Parts, Bytes>::second);
  EXPECT_TRUE(std::ranges::is_sorted(rows, {}, &std::pair<Parts, Bytes>::first));
  for (const auto& [parts, key] : rows) {
    KeyReader reader(key);
    EXPECT_EQ((Parts{reader.text(), reader.u32(), reader.text()}), parts);
    EXPECT_TRUE(reader.finish("test"));
  }
}

}  // namespace
}  // namespace holdfast::storage
