#include "holdfast/storage/log_janitor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "holdfast/storage/log_tail.h"
#include "storage/log_scene.h"
#include "wal_files.h"

namespace holdfast::storage {
namespace {

using test::LogScene;
using test::put_row;

constexpr std::size_t janitor_plenty = 64UL << 20U;
constexpr int batches_a_log = 10;

class LogJanitorTest : public testing::Test {
 protected:
  /// `logs` archived logs of ten batches each, and a live one with one batch.
  void fill(int logs) {
    for (int log = 0; log < logs; ++log) {
      for (int i = 0; i < batches_a_log; ++i) {
        heads_.push_back(
            scene_.write({put_row(1, "k" + std::to_string(i), std::string(1000, 'v'))}, false).head);
      }
      scene_.flush_all();
    }
    heads_.push_back(scene_.write({put_row(1, "last", "v")}).head);
    ASSERT_GE(archived(), static_cast<std::size_t>(logs) - 1);
  }

  [[nodiscard]] std::size_t archived() const {
    const auto files = list_wal_files(*scene_.db->rocks()).value();
    return static_cast<std::size_t>(std::ranges::count_if(files, &WalFile::archived));
  }

  LogJanitor::Report sweep(std::uint64_t cap, const std::vector<Slot>& slots, std::uint64_t keep = 0) {
    LogJanitor janitor(*scene_.db, {.cap_bytes = cap, .keep_bytes = keep},
                       [&](const std::string& member) -> Result<> {
                         marked_.push_back(member);
                         return mark_;
                       });
    auto report = janitor.sweep(slots);
    if (!report) {
      error_ = report.error();
      return {};
    }
    return *report;
  }

  /// A member at `index` can still be served.
  bool serves(std::uint64_t index) {
    LogTail tail(*scene_.db);
    const auto from = index == 0 ? position_of(Head{}) : position_of(heads_[index - 1]);
    const auto read = tail.read_after(from, janitor_plenty);
    return read && read->size() == heads_.size() - index;
  }

  /// The n-th archived log, changed by one bit there; the store opened anew, since it remembers beginnings.
  void damage_archived(std::size_t n, std::streamoff offset) {
    std::vector<std::filesystem::path> logs;
    for (const auto& entry : std::filesystem::directory_iterator(scene_.path() / "archive"))
      logs.push_back(entry.path());
    std::ranges::sort(logs);
    ASSERT_LT(n, logs.size());
    scene_.close();
    {
      std::fstream file(logs[n], std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(offset);
      const auto byte = static_cast<char>(file.get() ^ 1);
      file.seekp(offset);
      file.put(byte);
    }
    scene_.reopen();
    const auto listed = list_wal_files(*scene_.db->rocks());
    ASSERT_FALSE(listed) << "RocksDB lists no log while this one does not read";
    EXPECT_EQ(listed.error().kind, ErrorKind::corrupt);
  }

  LogScene scene_;
  std::vector<Head> heads_;
  std::vector<std::string> marked_;
  Result<> mark_;
  std::optional<Error> error_;
};

TEST_F(LogJanitorTest, KeepsWhatTheSlowestSlotNeeds) {
  fill(6);
  const auto report = sweep(
      janitor_plenty, {{.member = "fast", .durable_index = 61}, {.member = "slow", .durable_index = 25}});
  EXPECT_GT(report.deleted_files, 0U);
  EXPECT_TRUE(report.lost.empty());
  EXPECT_TRUE(serves(25));
  EXPECT_FALSE(serves(0));
  EXPECT_GT(report.oldest_index, 10U);
  EXPECT_LE(report.oldest_index, 25U);
}

TEST_F(LogJanitorTest, WithoutSlotsOnlyTheLiveLogsStay) {
  fill(4);
  EXPECT_GT(sweep(janitor_plenty, {}).deleted_files, 0U);
  EXPECT_EQ(archived(), 0U);
}

TEST_F(LogJanitorTest, KeepBytesStayWithoutSlots) {
  fill(4);
  EXPECT_EQ(sweep(janitor_plenty, {}, janitor_plenty).deleted_files, 0U);
  EXPECT_TRUE(serves(0));
}

TEST_F(LogJanitorTest, AtTheCapTheSlowSlotIsLostLoudlyAndFirst) {
  fill(6);
  const auto report =
      sweep(30'000, {{.member = "fast", .durable_index = 60}, {.member = "slow", .durable_index = 5}});
  EXPECT_EQ(report.lost, std::vector<std::string>{"slow"});
  EXPECT_EQ(marked_, report.lost);
  EXPECT_LE(report.log_bytes, 30'000U);
  EXPECT_TRUE(serves(60));
  EXPECT_FALSE(serves(5));
}

TEST_F(LogJanitorTest, ALostSlotKeepsNothing) {
  fill(4);
  sweep(janitor_plenty, {{.member = "gone", .durable_index = 1, .lost = true}});
  EXPECT_TRUE(marked_.empty());
  EXPECT_EQ(archived(), 0U);
}

TEST_F(LogJanitorTest, WhenTheLossCannotBeRecordedNothingIsDeleted) {
  fill(6);
  mark_ = fail(ErrorKind::unavailable, "unavailable", "local.db is away");
  const auto before = archived();
  sweep(10'000, {{.member = "slow", .durable_index = 1}});
  ASSERT_TRUE(error_);
  EXPECT_EQ(error_->code, "unavailable");
  EXPECT_EQ(archived(), before);
  EXPECT_TRUE(serves(1));
}

TEST_F(LogJanitorTest, ADamagedArchivedLogGoesWithAllBeforeIt) {
  fill(6);
  damage_archived(2, 20);
  const auto report = sweep(janitor_plenty, {{.member = "fast", .durable_index = 61},
                                             {.member = "behind", .durable_index = 35},
                                             {.member = "slow", .durable_index = 15}});
  ASSERT_FALSE(error_) << error_->describe();
  EXPECT_EQ(report.lost, std::vector<std::string>{"slow"});
  EXPECT_EQ(marked_, report.lost);
  EXPECT_GE(report.deleted_files, 3U);
  EXPECT_TRUE(serves(35));
  EXPECT_FALSE(serves(15));
  EXPECT_FALSE(sweep(janitor_plenty, {}).lost.size());
  EXPECT_FALSE(error_);
}

TEST_F(LogJanitorTest, DamageInALaterPartOfALongFirstRecordIsFound) {
  fill(2);
  scene_.flush_all();
  heads_.push_back(scene_.write({put_row(1, "long", std::string(200'000, 'v'))}).head);
  scene_.flush_all();
  fill(2);
  std::size_t longest = 0;
  std::uintmax_t bytes = 0;
  std::vector<std::filesystem::path> logs;
  for (const auto& entry : std::filesystem::directory_iterator(scene_.path() / "archive"))
    logs.push_back(entry.path());
  std::ranges::sort(logs);
  for (std::size_t i = 0; i < logs.size(); ++i) {
    if (std::filesystem::file_size(logs[i]) > bytes) bytes = std::filesystem::file_size(logs[longest = i]);
  }
  ASSERT_GT(bytes, 200'000U);
  damage_archived(longest, 150'000);
  sweep(janitor_plenty, {});
  EXPECT_FALSE(error_);
}

TEST_F(LogJanitorTest, ADamagedLogStaysUntilTheLossIsRecorded) {
  fill(4);
  damage_archived(1, 20);
  mark_ = fail(ErrorKind::unavailable, "unavailable", "local.db is away");
  const auto files = [&] {
    return std::ranges::distance(std::filesystem::directory_iterator(scene_.path() / "archive"),
                                 std::filesystem::directory_iterator());
  };
  const auto before = files();
  sweep(janitor_plenty, {{.member = "slow", .durable_index = 1}});
  ASSERT_TRUE(error_);
  EXPECT_EQ(error_->code, "unavailable");
  EXPECT_EQ(files(), before);
}

TEST_F(LogJanitorTest, ASlotBelowTheCapIsAtRiskBeforeItIsLost) {
  fill(6);
  std::uint64_t bytes = 0;
  for (const auto& file : list_wal_files(*scene_.db->rocks()).value()) bytes += file.bytes;
  const auto report = sweep(
      bytes + bytes / 10, {{.member = "slow", .durable_index = 1}, {.member = "fast", .durable_index = 60}});
  EXPECT_EQ(report.at_risk, std::vector<std::string>{"slow"});
  EXPECT_EQ(report.deleted_files, 0U);
}

/// A family that is hardly ever written pins every log behind its last write until it is flushed.
TEST_F(LogJanitorTest, LogsPinnedByAQuietFamilyCountAndAreReleased) {
  scene_.write({put_row(5, "quiet", "1")});
  for (int log = 0; log < 6; ++log) {
    for (int i = 0; i < batches_a_log; ++i) {
      heads_.push_back(scene_.write({put_row(1, "k", std::string(1000, 'v'))}, false).head);
    }
    scene_.flush(1);
  }
  scene_.write({put_row(1, "k", "v")});
  EXPECT_EQ(archived(), 0U);
  const auto report = sweep(40'000, {});
  EXPECT_GT(report.deleted_files, 0U);
  EXPECT_LE(report.log_bytes, 40'000U);
}

}  // namespace
}  // namespace holdfast::storage
