#include "holdfast/storage/log_tail.h"

#include <gtest/gtest.h>

#include <fstream>

#include "holdfast/storage/step.h"
#include "storage/log_scene.h"
#include "wal_files.h"

namespace holdfast::storage {
namespace {

using test::LogScene;
using test::put_row;

constexpr std::size_t plenty = 64UL << 20U;

/// Writes `count` batches into family 1.
std::vector<RawBatch> write_rows(LogScene& scene, int count) {
  std::vector<RawBatch> written;
  for (int i = 0; i < count; ++i) {
    written.push_back(
        scene.write({put_row(1, "row" + std::to_string(i), std::string(100, 'v'))}, i + 1 == count));
  }
  return written;
}

void expect_same(const std::vector<RawBatchPtr>& read, const std::vector<RawBatch>& written,
                 std::size_t from) {
  ASSERT_EQ(read.size(), written.size() - from);
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i]->head, written[from + i].head);
    EXPECT_EQ(read[i]->rep, written[from + i].rep);
    EXPECT_EQ(read[i]->first_sequence, written[from + i].first_sequence);
    EXPECT_EQ(read[i]->count, written[from + i].count);
  }
}

TEST(LogTail, ReadsTheVeryBytesThatWereWritten) {
  LogScene scene;
  const auto written = write_rows(scene, 20);
  LogTail tail(*scene.db);
  expect_same(tail.read_after(position_of(Head{}), plenty).value(), written, 0);
  for (std::size_t from = 1; from < written.size(); ++from) {
    expect_same(tail.read_after(position_of(written[from - 1].head), plenty).value(), written, from);
  }
  EXPECT_TRUE(tail.read_after(position_of(written.back().head), plenty).value().empty());
}

TEST(LogTail, AnEmptyLogHasNothing) {
  LogScene scene;
  LogTail tail(*scene.db);
  EXPECT_TRUE(tail.read_after(position_of(Head{}), plenty).value().empty());
}

TEST(LogTail, AnswersAreBoundedAndGoOn) {
  LogScene scene;
  const auto written = write_rows(scene, 50);
  LogTail tail(*scene.db);
  auto at = position_of(Head{});
  std::size_t batches = 0;
  int reads = 0;
  while (at.index < 50) {
    const auto read = tail.read_after(at, 1000).value();
    ASSERT_FALSE(read.empty());
    for (const auto& batch : read) {
      EXPECT_EQ(batch->head, written[batches].head);
      ++batches;
    }
    at = position_of(read.back()->head);
    ++reads;
  }
  EXPECT_GT(reads, 5);
}

/// Must 5: catch-up returns unsynced writes.
TEST(LogTail, NothingAboveTheSyncedPositionLeaves) {
  LogScene scene;
  write_rows(scene, 3);
  const auto unsynced = scene.write({put_row(1, "unsynced", "1")}, false);
  LogTail tail(*scene.db);
  EXPECT_EQ(tail.read_after(position_of(Head{}), plenty).value().back()->head.index, 3U);
  EXPECT_EQ(tail.read_after(position_of(unsynced.head), plenty).error().code, "position_unknown");
  Head bound;
  LogTail bounded(*scene.db, [&] { return bound; });
  EXPECT_TRUE(bounded.read_after(position_of(Head{}), plenty).value().empty());
}

TEST(LogTail, SaysThatAForeignPositionIsUnknown) {
  LogScene scene;
  const auto written = write_rows(scene, 5);
  LogTail tail(*scene.db);
  for (const std::size_t index : {std::size_t{2}, std::size_t{4}}) {
    auto fork = position_of(written[index].head);
    fork.hash_prefix[0] = static_cast<char>(fork.hash_prefix[0] ^ 1);
    EXPECT_EQ(tail.read_after(fork, plenty).error().code, "position_unknown");
  }
  auto beginning = position_of(Head{});
  beginning.hash_prefix[0] = 1;
  EXPECT_EQ(tail.read_after(beginning, plenty).error().code, "position_unknown");
}

TEST(LogTail, ReadsAcrossLogsArchivesAndRestarts) {
  LogScene scene;
  std::vector<RawBatch> written;
  for (int log = 0; log < 8; ++log) {
    for (auto& batch : write_rows(scene, 7)) written.push_back(std::move(batch));
    if (log % 3 == 0) scene.flush_all();
    if (log % 3 == 1) scene.flush(1);
    if (log % 3 == 2) scene.reopen();
  }
  LogTail tail(*scene.db);
  for (const std::size_t from : {0, 1, 6, 7, 8, 30, 55}) {
    const auto position = from == 0 ? position_of(Head{}) : position_of(written[from - 1].head);
    expect_same(tail.read_after(position, plenty).value(), written, from);
  }
}

TEST(LogTail, APurgedPositionIsGoneAndNeverAnsweredFromFurtherOn) {
  LogScene scene;
  const auto written = write_rows(scene, 10);
  scene.flush_all();
  write_rows(scene, 10);
  LogTail tail(*scene.db);
  ASSERT_TRUE(tail.read_after(position_of(written[3].head), plenty));
  const auto store = scene.db->rocks();
  ASSERT_TRUE(store->db->DeleteFile(list_wal_files(*store).value().front().path).ok());
  for (std::size_t i = 0; i + 1 < written.size(); ++i) {
    EXPECT_EQ(tail.read_after(position_of(written[i].head), plenty).error().code, "log_gone") << i;
  }
  // The log goes on right behind the last one, so nothing is missing there.
  EXPECT_EQ(tail.read_after(position_of(written.back().head), plenty).value().front()->head.index, 11U);
}

/// Must 7: a damaged log gains a record without operations; catch-up skips it, and sequences go on.
TEST(LogTail, SkipsRecordsWithoutOperations) {
  LogScene scene;
  const auto first = scene.write({put_row(1, "a", "1")});
  rocksdb::WriteBatch empty;
  rocksdb::WriteOptions synced;
  synced.sync = true;
  ASSERT_TRUE(scene.db->rocks()->db->Write(synced, &empty).ok());
  const auto second = scene.write({put_row(1, "b", "2")});
  LogTail tail(*scene.db);
  expect_same(tail.read_after(position_of(Head{}), plenty).value(), {first, second}, 0);
}

TEST(LogTail, AFlippedByteEndsTheAnswerBeforeIt) {
  LogScene scene;
  const auto written = write_rows(scene, 30);
  scene.flush_all();
  write_rows(scene, 3);
  const auto store = scene.db->rocks();
  const auto file = list_wal_files(*store).value().front();
  std::fstream log(scene.path().string() + file.path, std::ios::in | std::ios::out | std::ios::binary);
  log.seekp(static_cast<std::streamoff>(file.bytes / 2));
  log << "damage";
  log.close();
  LogTail tail(*scene.db);
  const auto read = tail.read_after(position_of(Head{}), plenty).value();
  ASSERT_LT(read.size(), 30U);
  ASSERT_GT(read.size(), 5U);
  for (std::size_t i = 0; i < read.size(); ++i) EXPECT_EQ(read[i]->head, written[i].head);
  EXPECT_EQ(tail.read_after(position_of(read.back()->head), plenty).error().code, "log_damaged");
}

}  // namespace
}  // namespace holdfast::storage
