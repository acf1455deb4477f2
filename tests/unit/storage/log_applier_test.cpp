#include "holdfast/storage/log_applier.h"

#include <gtest/gtest.h>

#include "error_guard.h"
#include "storage/log_scene.h"

namespace holdfast::storage {
namespace {

using test::BatchMaker;
using test::dump_store;
using test::LogScene;
using test::put_row;

constexpr Table applier_table{Family::identity, 0x007f, "test"};

TEST(LogApplier, WritesAreVisibleAtOnceAndDurableAfterSync) {
  LogScene scene;
  const auto batch = scene.write({put_row(1, "a", "1")}, false);
  EXPECT_EQ(scene.db->applied(), batch.head);
  EXPECT_EQ(scene.db->durable(), Head{});
  EXPECT_EQ(scene.applier->sync().value(), batch.head);
  EXPECT_EQ(scene.db->durable(), batch.head);
}

TEST(LogApplier, GoesOnAfterARestart) {
  LogScene scene;
  scene.write({put_row(1, "a", "1")});
  const auto before = scene.write({put_row(1, "b", "2")}).head;
  scene.reopen();
  EXPECT_EQ(scene.db->applied(), before);
  EXPECT_EQ(scene.write({put_row(1, "c", "3")}).head.index, 3U);
}

TEST(LogApplier, FiresTheObserversOfEveryChangedRow) {
  LogScene scene;
  std::vector<std::string> seen;
  const auto subscription = scene.db->observe(applier_table, [&](BytesView key, bool deleted) {
    seen.push_back(Bytes(key) + (deleted ? " gone" : ""));
    EXPECT_EQ(scene.db->applied().index, seen.size() < 3 ? 1U : 2U);
  });
  scene.write({put_row(1, "a", "1"), put_row(2, "other family", "1"), put_row(1, "b", "1")});
  scene.write({{.family = 1, .key = test::row_key("a"), .deleted = true}});
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b", "a gone"}));
}

TEST(LogApplier, RefusesGapsAndRepeats) {
  LogScene scene;
  const auto first = scene.write({put_row(1, "a", "1")});
  const auto second = scene.maker.next({put_row(1, "a", "2")});
  const auto third = scene.maker.next({put_row(1, "a", "3")});
  EXPECT_EQ(scene.applier->apply(first).error().code, "batch_out_of_order");
  EXPECT_EQ(scene.applier->apply(third).error().code, "batch_out_of_order");
  EXPECT_TRUE(scene.applier->apply(second));
  EXPECT_TRUE(scene.applier->apply(third));
}

TEST(LogApplier, RefusesAnotherHistory) {
  LogScene scene;
  scene.write({put_row(1, "a", "1")});
  BatchMaker other;
  other.next({put_row(1, "a", "not 1")});
  EXPECT_EQ(scene.applier->apply(other.next({put_row(1, "b", "2")})).error().code, "history_differs");
  EXPECT_EQ(scene.db->applied().index, 1U);
}

TEST(LogApplier, RefusesAChangedOperationUnderARightHead) {
  LogScene scene;
  auto batch = scene.maker.next({put_row(1, "a", "1")});
  const auto at = batch.rep.find("1", batch_header_size);
  batch.rep.replace(at, 1, "2");
  EXPECT_EQ(scene.applier->apply(batch).error().code, "history_differs");
}

TEST(LogApplier, RefusesALowerTermAndTakesAHigherOne) {
  LogScene scene;
  scene.maker.set_term({.reign = 2, .incarnation = 5});
  scene.write({put_row(1, "a", "1")});
  auto lower = BatchMaker(scene.maker.head(), scene.maker.next_sequence());
  lower.set_term({.reign = 2, .incarnation = 4});
  EXPECT_EQ(scene.applier->apply(lower.next({})).error().code, "history_differs");
  scene.maker.set_term({.reign = 3, .incarnation = 1});
  EXPECT_EQ(scene.write({}).head.term.reign, 3U);
}

TEST(LogApplier, RefusesAWrongSequenceAndGoesOnWithARightOne) {
  LogScene scene;
  const auto right = scene.maker.next({put_row(1, "a", "1")});
  auto wrong = right;
  wrong.first_sequence += 1;
  test::set_batch_sequence(wrong.rep, wrong.first_sequence);
  EXPECT_EQ(scene.applier->apply(wrong).error().code, "batch_refused");
  EXPECT_TRUE(scene.applier->apply(right));
}

TEST(LogApplier, RefusedBatchesLeaveAStoreThatOpens) {
  LogScene scene;
  scene.write({put_row(1, "a", "1")});
  auto wrong = BatchMaker(scene.maker.head(), scene.maker.next_sequence()).next({put_row(1, "b", "2")});
  wrong.count = 7;
  test::set_batch_count(wrong.rep, 7);
  EXPECT_EQ(scene.applier->apply(wrong).error().code, "batch_refused");
  scene.write({put_row(1, "c", "3")});
  const auto before = dump_store(*scene.db);
  scene.reopen();
  EXPECT_EQ(dump_store(*scene.db), before);
}

TEST(LogApplier, TwoStoresThatAppliedTheSameAreTheSame) {
  LogScene one;
  LogScene two;
  for (int i = 0; i < 50; ++i) {
    const auto batch = one.write({put_row(i % 8, "k" + std::to_string(i % 7), std::to_string(i))}, false);
    ASSERT_TRUE(two.applier->apply(batch));
  }
  EXPECT_EQ(dump_store(*one.db), dump_store(*two.db));
  EXPECT_EQ(one.db->rocks()->db->GetLatestSequenceNumber(), two.db->rocks()->db->GetLatestSequenceNumber());
}

TEST(LogApplier, AfterAFailedStoreNothingIsApplied) {
  LogScene scene;
  scene.db->rocks()->guard->fail("test");
  EXPECT_EQ(scene.applier->apply(scene.maker.next({})).error().code, "storage_failed");
}

}  // namespace
}  // namespace holdfast::storage
