#include <gtest/gtest.h>

#include "storage/log_scene.h"
#include "tail_walk.h"

/// What RocksDB shows of its log is not believed: here it shows it with a batch left out, doubled or changed,
/// as its iterator was seen to do while files move to the archive (invariant B).
namespace holdfast::storage {
namespace {

using test::BatchMaker;
using test::put_row;

constexpr std::size_t plenty = 1'000'000;

std::vector<RawBatch> walk_batches(int count) {
  BatchMaker maker;
  std::vector<RawBatch> made;
  for (int i = 0; i < count; ++i) made.push_back(maker.next({put_row(1, "row", std::to_string(i))}));
  return made;
}

/// Shows `shown` to a walk behind `from` up to the last of `all`; the indexes it took, or the error's code.
Result<std::vector<std::uint64_t>> indexes_walked(const std::vector<RawBatch>& all,
                                                  const std::vector<RawBatch>& shown,
                                                  const Position& from = position_of(Head{}),
                                                  std::size_t max_bytes = plenty) {
  const auto bound = all.back().head;
  TailWalk walk(from, bound, max_bytes);
  for (const auto& batch : shown) {
    TRY(const bool go_on, walk.visit(batch.first_sequence, rocksdb::WriteBatch(batch.rep)));
    if (!go_on) break;
  }
  std::vector<std::uint64_t> indexes;
  for (const auto& taken : walk.take()) indexes.push_back(taken->head.index);
  return indexes;
}

using WalkedIndexes = std::vector<std::uint64_t>;

TEST(LogTailWalk, TakesWhatFollows) {
  const auto all = walk_batches(4);
  EXPECT_EQ(indexes_walked(all, all).value(), (WalkedIndexes{1, 2, 3, 4}));
  EXPECT_EQ(indexes_walked(all, all, position_of(all[1].head)).value(), (WalkedIndexes{3, 4}));
}

TEST(LogTailWalk, EndsBeforeABatchThatWasLeftOut) {
  const auto all = walk_batches(5);
  EXPECT_EQ(indexes_walked(all, {all[0], all[1], all[3], all[4]}).value(), (WalkedIndexes{1, 2}));
  EXPECT_EQ(indexes_walked(all, {all[2], all[3], all[4]}).value(), WalkedIndexes{});
  EXPECT_EQ(indexes_walked(all, {all[0], all[1], all[3]}, position_of(all[1].head)).value(), WalkedIndexes{});
}

TEST(LogTailWalk, EndsBeforeABatchThatIsShownTwice) {
  const auto all = walk_batches(3);
  EXPECT_EQ(indexes_walked(all, {all[0], all[1], all[1], all[2]}).value(), (WalkedIndexes{1, 2}));
}

TEST(LogTailWalk, PassesOverTheEmptyRecordThatADamagedLogGains) {
  const auto all = walk_batches(2);
  RawBatch empty{.first_sequence = 3, .rep = rocksdb::WriteBatch().Data()};
  EXPECT_EQ(indexes_walked(all, {all[0], empty, all[1]}).value(), (WalkedIndexes{1, 2}));
}

TEST(LogTailWalk, RefusesABatchOfAnotherHistory) {
  const auto all = walk_batches(3);
  BatchMaker other;
  other.next({put_row(1, "other", "history")});
  const auto stranger = other.next({put_row(1, "row", "1")});
  EXPECT_EQ(indexes_walked(all, {all[0], stranger}).error().code, "log_damaged");
  EXPECT_EQ(indexes_walked(all, all, position_of(stranger.head)).error().code, "position_unknown");
}

TEST(LogTailWalk, RefusesAWrongSequence) {
  auto all = walk_batches(2);
  ++all[1].first_sequence;
  EXPECT_EQ(indexes_walked(all, all).error().code, "log_damaged");
}

TEST(LogTailWalk, IsBoundedButTakesOneAtLeast) {
  const auto all = walk_batches(4);
  EXPECT_EQ(indexes_walked(all, all, position_of(Head{}), 1).value(), (WalkedIndexes{1}));
  EXPECT_EQ(indexes_walked(all, all, position_of(Head{}), 2 * all[0].rep.size()).value(),
            (WalkedIndexes{1, 2}));
  EXPECT_EQ(indexes_walked({all[0], all[1]}, all).value(), (WalkedIndexes{1, 2}));  // not above the bound
}

}  // namespace
}  // namespace holdfast::storage
