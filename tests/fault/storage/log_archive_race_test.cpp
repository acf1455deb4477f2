#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <random>
#include <thread>

#include "holdfast/storage/log_janitor.h"
#include "holdfast/storage/log_tail.h"
#include "storage/log_scene.h"
#include "wal_files.h"

/// Fault test 7: a quiet family pins forty logs; when it is flushed all of them move to the archive at once,
/// while catch-up reads go on. RocksDB alone skips batches here (seen: 48 of 2,885 GetUpdatesSince calls);
/// LogTail never does (invariant B).
namespace holdfast::storage {
namespace {

constexpr int pinned_logs = 40;
constexpr int wanted_reads = 2'000;
constexpr int least_rounds = 12;
constexpr int most_rounds = 400;
/// Readers are at most this far behind; the janitor deletes what is older than twice that, while they read.
constexpr std::uint64_t kept_batches = 100;

class ArchiveRace : public testing::Test {
 protected:
  ArchiveRace() : scene_({.max_wal_bytes = 1UL << 30U}, test::TempDirectory::Where::memory) {}

  /// One log after another, kept alive by the first row of family 5; then the flush that archives them all.
  void pin_and_release() {
    put(5, "quiet");
    for (int log = 0; log < pinned_logs; ++log) {
      put(1, "busy");
      put(1, "busy");
      scene_.flush(1);
    }
    scene_.flush(5);
    scene_.flush(0);  // every batch ends with its head there
  }

  void put(std::uint32_t family, const char* name) {
    auto head = scene_.write({test::put_row(family, name, std::string(100, 'v'))}).head;
    const std::scoped_lock lock(mutex_);
    heads_.push_back(head);
  }

  /// Where the reader of this number goes on; the janitor keeps what is behind it until the next call.
  Position random_position(std::mt19937_64& random, std::size_t reader) {
    const std::scoped_lock lock(mutex_);
    const auto first = heads_.size() > kept_batches ? heads_.size() - kept_batches : 0;
    const auto at = std::uniform_int_distribution<std::size_t>(first, heads_.size())(random);
    wanted_.at(reader) = at;
    return position_of(at == 0 ? Head{} : heads_[at - 1]);
  }

  /// The index behind which everything is kept: a reader may stand still for longer than two rounds take.
  std::uint64_t oldest_wanted() {
    const std::scoped_lock lock(mutex_);
    const auto old = heads_.size() > 2 * kept_batches ? heads_.size() - 2 * kept_batches : 0;
    return std::min({old, wanted_[0], wanted_[1]});
  }

  /// Reads from anywhere until told to stop; every answer must begin right behind what was asked for.
  void read_on(std::size_t reader) {
    std::mt19937_64 random(reader + 1);
    LogTail tail(*scene_.db);
    while (!stop_) {
      const auto from = random_position(random, reader);
      const auto read = tail.read_after(from, std::size_t{16} * 1024);
      ++reads_;
      if (!read) {
        ADD_FAILURE() << "at " << from.index << ": " << read.error().describe();
        stop_ = true;
        return;
      }
      auto expected = from.index;
      for (const auto& batch : *read) {
        if (batch->head.index != ++expected) ++gaps_;
      }
    }
  }

  test::LogScene scene_;
  std::mutex mutex_;
  std::vector<Head> heads_;
  std::array<std::uint64_t, 2> wanted_{};
  std::atomic<bool> stop_ = false;
  std::atomic<int> reads_ = 0;
  std::atomic<int> gaps_ = 0;
};

TEST_F(ArchiveRace, ThousandsOfCatchUpReadsAndNoGap) {
  put(1, "first");
  const auto archived = [&] {
    const FilesStay stay(scene_.db->rocks());
    return std::ranges::count_if(list_wal_files(*scene_.db->rocks()).value(), &WalFile::archived);
  };
  LogJanitor janitor(*scene_.db, {}, [](const std::string&) -> Result<> { return {}; });
  std::vector<std::thread> readers;
  for (std::size_t reader = 0; reader < wanted_.size(); ++reader)
    readers.emplace_back([this, reader] { read_on(reader); });
  int rounds = 0;
  while ((reads_ < wanted_reads || rounds < least_rounds) && rounds < most_rounds && !stop_) {
    const auto before = archived();
    pin_and_release();
    ++rounds;
    // Reading must not keep the logs from being archived for ever.
    EXPECT_GE(archived(), before + pinned_logs);
    EXPECT_TRUE(janitor.sweep({{.member = "reader", .durable_index = oldest_wanted()}}));
  }
  stop_ = true;
  for (auto& reader : readers) reader.join();
  EXPECT_GE(reads_, wanted_reads);
  EXPECT_EQ(gaps_, 0) << "in " << reads_ << " reads";
  RecordProperty("reads", reads_.load());
  RecordProperty("rounds", rounds);
}

}  // namespace
}  // namespace holdfast::storage
