#include "holdfast/storage/position.h"

#include <gtest/gtest.h>

#include "holdfast/base/encoding.h"
#include "holdfast/storage/raw_batch.h"

namespace holdfast::storage {
namespace {

Head sample_head() {
  Head head{.term = {.reign = 2, .incarnation = 3},
            .index = 4,
            .committed_at = from_micros(1'795'253'400'123'456),
            .hash = {}};
  for (std::size_t i = 0; i < head.hash.size(); ++i) head.hash[i] = static_cast<char>(i);
  return head;
}

// All expected bytes were made by an independent script from docs/formats/head.md.
TEST(Head, GoldenBytes) {
  EXPECT_EQ(to_hex(sample_head().encode()),
            "0100000002000000030000000000000004000660c601323840000102030405060708090a0b0c0d0e0f10111213141516"
            "1718191a1b1c"
            "1d1e1f");
  EXPECT_EQ(sample_head().encode().size(), Head::encoded_size);
  EXPECT_EQ(Head::decode(sample_head().encode()), sample_head());
}

TEST(Head, DamageIsRefused) {
  const Bytes good = sample_head().encode();
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(Head::decode(BytesView(good).substr(0, size)));
  EXPECT_FALSE(Head::decode(good + '\0'));
  Bytes other_version = good;
  other_version[0] = 2;
  EXPECT_FALSE(Head::decode(other_version));
}

TEST(Head, ChainHash) {
  const auto hash = [](const Head& previous) {
    const auto bytes = chain_hash(previous, "operations");
    return to_hex({bytes.data(), bytes.size()});
  };
  EXPECT_EQ(hash(sample_head()), "35df5d16acd0b8768f8973c7b5e8c4f8e475dda9b20de6527e55c9189e2228be");
  EXPECT_EQ(hash(Head{}), "e466bf14d542511438ccb38396fde4b875d48e098ee0eea96ba7269e1c42679f");
}

TEST(Head, HashedOperationsLeaveOutHeaderAndHead) {
  const Bytes rep = Bytes(batch_header_size, 'h') + "operations" + Bytes(head_operation_size, 'x');
  EXPECT_EQ(hashed_operations(rep), "operations");
  EXPECT_EQ(hashed_operations(rep.substr(0, batch_header_size + head_operation_size - 1)), "");
}

TEST(Position, OneTextForOnePlace) {
  const auto position = position_of(sample_head());
  EXPECT_EQ(to_string(position), "AQAAAAIAAAADAAAAAAAAAAQAAQIDBAUGBw");
  EXPECT_EQ(parse_position("AQAAAAIAAAADAAAAAAAAAAQAAQIDBAUGBw"), position);
  for (const std::string_view bad :
       {"", "AQ", "AQAAAAIAAAADAAAAAAAAAAQAAQIDBAUGBw=", "AgAAAAIAAAADAAAAAAAAAAQAAQIDBAUGBw",
        "AQAAAAIAAAADAAAAAAAAAAQAAQIDBAUGBx", "AQAAAAIAAAADAAAAAAAAAAQAAQIDBAUGBwA"}) {
    const auto parsed = parse_position(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, "invalid_position");
  }
}

TEST(Term, ReignComesBeforeIncarnation) {
  EXPECT_LT((Term{.reign = 1, .incarnation = 9}), (Term{.reign = 2, .incarnation = 1}));
  EXPECT_LT((Term{.reign = 2, .incarnation = 1}), (Term{.reign = 2, .incarnation = 2}));
}

}  // namespace
}  // namespace holdfast::storage
