#include "holdfast/region/position_watch.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "holdfast/async/block_on.h"
#include "holdfast/async/io_pool.h"
#include "holdfast/region/terms.h"
#include "holdfast/storage/log_applier.h"
#include "test_store.h"

namespace holdfast::region {
namespace {

constexpr storage::Table watched_rows{storage::Family::apps, 0x03f0, "watched"};

class PositionWatchTest : public testing::Test {
 protected:
  static storage::Term term_of(std::uint32_t reign, std::uint32_t incarnation = 1) {
    return {.reign = reign, .incarnation = incarnation};
  }
  static storage::Position changed(storage::Position position) {
    position.hash_prefix[0] = static_cast<char>(position.hash_prefix[0] ^ 1);
    return position;
  }
  static storage::Position at(storage::Term term, std::uint64_t index) {
    return {.term = term, .index = index, .hash_prefix = {'x'}};
  }

  storage::Position write() {
    auto transaction = store_.transaction();
    transaction.put(watched_rows, "row", storage::Scope::system(), 1, "value");
    return storage::position_of(store_.commit(std::move(transaction)));
  }
  /// The next term, opened behind everything that was written.
  storage::Position open_term(storage::Term term) {
    const auto end = store_.core().applied();
    TermRecord record;
    record.term = term;
    record.nonce = Bytes(16, 'n');
    record.previous_term = end.term;
    record.previous_index = end.index;
    record.previous_head_hash.assign(end.hash.data(), end.hash.size());
    record.previous_record_hash = Bytes(32, '\0');
    record.node = RegionName("us-east-1");
    record.signature = Bytes(64, 's');
    store_.committer().fence();
    EXPECT_TRUE(store_.committer().begin(term));
    auto transaction = store_.transaction();
    EXPECT_TRUE(put_term(transaction, record));
    return storage::position_of(store_.commit(std::move(transaction)));
  }
  std::unique_ptr<PositionWatch> open() {
    auto opened = PositionWatch::open(store_.core());
    EXPECT_TRUE(opened);
    return *std::move(opened);
  }
  auto start_waiting(PositionWatch& watch, storage::Position position) {
    return boost::asio::co_spawn(io_.next(), watch.wait(position, std::chrono::seconds(20)),
                                 boost::asio::use_future);
  }
  std::string refusal(PositionWatch& watch, storage::Position position) {
    const auto waited = async::block_on(io_.next(), watch.wait(position, std::chrono::milliseconds(1)));
    return waited ? "held" : std::string(waited.error().code);
  }

  // Outlives the commit thread, which may still be in post() when an answer is here.
  async::IoPool io_{1};
  std::vector<storage::RawBatchPtr> batches_;
  test::TestStore store_{
      {.free_space_floor_bytes = 0,
       .publish = [this](storage::RawBatchPtr batch) { batches_.push_back(std::move(batch)); }},
      test::TempDirectory::Where::memory};
};

TEST_F(PositionWatchTest, WhatWasWrittenIsHeldAndWhatIsNotIsPending) {
  const auto before = write();
  const auto watch = open();
  const auto after = write();
  EXPECT_EQ(watch->judge(before), PositionFate::held);
  EXPECT_EQ(watch->judge(after), PositionFate::held);
  EXPECT_EQ(watch->judge(at(after.term, after.index + 1)), PositionFate::pending);
  EXPECT_EQ(watch->judge(at(term_of(1, 2), after.index + 1)), PositionFate::pending);
  EXPECT_EQ(watch->judge({}), PositionFate::held) << "an empty store's";
  EXPECT_EQ(refusal(*watch, at(after.term, after.index + 1)), "position_pending");
}

TEST_F(PositionWatchTest, AWaitEndsWithTheBatchAndOnlyWithIt) {
  const auto watch = open();
  const auto now = storage::position_of(store_.core().applied());
  auto next = start_waiting(*watch, at(now.term, now.index + 1));
  auto later = start_waiting(*watch, at(term_of(2), now.index + 1));
  const auto written = write();
  EXPECT_EQ(next.get().error().code, "position_lost") << "another batch has that index";
  auto third = start_waiting(*watch, written);
  EXPECT_TRUE(third.get());
  EXPECT_EQ(later.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  open_term(term_of(2));
  EXPECT_EQ(later.get().error().code, "position_lost") << "that term began later";
}

TEST_F(PositionWatchTest, AWaitForABatchOnItsWayResumesWhenItIsApplied) {
  auto copy = storage::CoreDb::open({.path = store_.directory() / "copy.db", .create = true});
  ASSERT_TRUE(copy);
  auto watch = PositionWatch::open(**copy);
  ASSERT_TRUE(watch);
  storage::LogApplier applier(**copy);
  for (const auto& batch : batches_) ASSERT_TRUE(applier.apply(*batch));
  for (int i = 0; i < 50; ++i) {
    const auto position = write();
    auto waiting = start_waiting(**watch, position);
    EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(1)), std::future_status::timeout);
    ASSERT_TRUE(applier.apply(*batches_.back()));
    EXPECT_TRUE(waiting.get());
  }
}

TEST_F(PositionWatchTest, AnotherHistorysBatchAtAnIndexIsLost) {
  const auto watch = open();
  const auto first = write();
  const auto second = write();
  for (const auto& position : {first, second}) EXPECT_EQ(watch->judge(changed(position)), PositionFate::lost);
}

TEST_F(PositionWatchTest, TheTailBehindWhereATermEndedIsLost) {
  const auto watch = open();
  const auto last = write();
  open_term(term_of(2));
  for (int i = 0; i < 5; ++i) write();
  // One that watched all along, and one that only has the term records.
  const auto late = open();
  for (const auto* judge : {watch.get(), late.get()}) {
    EXPECT_EQ(judge->judge(last), PositionFate::held);
    EXPECT_EQ(judge->judge(changed(last)), PositionFate::lost);
    EXPECT_EQ(judge->judge(at(term_of(1), last.index + 1)), PositionFate::lost);
    EXPECT_EQ(judge->judge(at(term_of(1), last.index + 100)), PositionFate::lost)
        << "also what this history never gets to";
    EXPECT_EQ(judge->judge(at(term_of(1, 2), last.index + 2)), PositionFate::lost) << "a term it skipped";
    EXPECT_EQ(judge->judge(at(term_of(2), last.index)), PositionFate::lost) << "before that term began";
    EXPECT_EQ(judge->judge(at(term_of(2, 2), last.index)), PositionFate::pending)
        << "a newer term: this history may be the one that gives way";
  }
}

TEST_F(PositionWatchTest, AWaiterLearnsThatItsTailIsLost) {
  const auto watch = open();
  const auto last = write();
  auto waiting = start_waiting(*watch, at(last.term, last.index + 50));
  open_term(term_of(2));
  EXPECT_EQ(waiting.get().error().code, "position_lost");
}

TEST_F(PositionWatchTest, ASnapshotStartsOver) {
  const auto watch = open();
  const auto position = write();
  store_.core().changes().reset();
  EXPECT_EQ(watch->judge(position), PositionFate::held);
  EXPECT_EQ(watch->judge(changed(position)), PositionFate::lost);
}

TEST_F(PositionWatchTest, MoreHeadsThanAreKept) {
  const auto watch = open();
  const auto first = write();
  for (int i = 0; i < 5000; ++i) write();
  EXPECT_EQ(watch->judge(first), PositionFate::held) << "by its term";
  EXPECT_EQ(watch->judge(write()), PositionFate::held);
}

}  // namespace
}  // namespace holdfast::region
