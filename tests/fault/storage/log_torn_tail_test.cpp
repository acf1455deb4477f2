#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "storage/log_history.h"
#include "storage/log_scene.h"
#include "wal_files.h"

/// Fault test 3: a log that was torn anywhere in its last records opens with a gapless prefix, never a wrong
/// state, and the store goes on from there (invariants A, B, G).
namespace holdfast::storage {
namespace {

using test::put_row;

struct TornLog {
  std::filesystem::path log;        ///< of the template store
  std::vector<std::uint64_t> ends;  ///< file size after each batch
};

class LogTornTail : public testing::Test {
 protected:
  LogTornTail() {
    history_ = test::LogHistory::begin(*scene_.db);
    write({put_row(1, "a", "1"), put_row(4, "b", "2")});
    // Spans blocks of the log (32 KiB), so that records in pieces are torn too.
    write({put_row(2, "large", std::string(40'000, 'x'))});
    write({{.family = 1, .key = test::row_key("a"), .deleted = true}, put_row(5, "audit", "deleted a")});
    write({put_row(1, "a", "2")});
    scene_.close();
  }

  void write(const std::vector<test::Operation>& operations) {
    history_.add(scene_.write(operations), *scene_.db);
    const auto files = list_wal_files(*scene_.db->rocks()).value();
    torn_.log = scene_.path().string() + files.back().path;
    torn_.ends.push_back(std::filesystem::file_size(torn_.log));
  }

  /// Opens a copy of the store whose log `damage` changed, and gives the index that it reached.
  std::uint64_t open_damaged(const std::function<void(const std::filesystem::path& log)>& damage) {
    const test::TempDirectory copy(test::TempDirectory::Where::memory);
    const auto path = copy / "core.db";
    std::filesystem::copy(scene_.path(), path, std::filesystem::copy_options::recursive);
    damage(path / torn_.log.filename());
    const auto db = test::open_store(path, false);
    if (!db) return 0;
    const auto index = history_.expect_prefix(*db);
    history_.heal(*db);
    history_.expect_whole_log(*db);
    return index;
  }

  /// How many batches are whole in the first `size` bytes of the log.
  [[nodiscard]] std::uint64_t whole_in(std::uint64_t size) const {
    return static_cast<std::uint64_t>(
        std::ranges::count_if(torn_.ends, [&](auto end) { return end <= size; }));
  }

  test::LogScene scene_;
  test::LogHistory history_;
  TornLog torn_;
};

TEST_F(LogTornTail, CutAtEveryByteOfTheLastTwoRecords) {
  for (auto size = torn_.ends[1]; size <= torn_.ends[3]; ++size) {
    EXPECT_EQ(open_damaged([&](const auto& log) { std::filesystem::resize_file(log, size); }), whole_in(size))
        << size;
    if (testing::Test::HasFailure()) return;
  }
}

TEST_F(LogTornTail, CutWithinARecordInPieces) {
  constexpr std::uint64_t block = 32 * 1024;
  std::vector<std::uint64_t> sizes;
  for (auto size = torn_.ends[0]; size < torn_.ends[1]; size += 1999) sizes.push_back(size);
  for (auto size = block - 9; size <= block + 9; ++size) sizes.push_back(size);
  for (const auto size : sizes) {
    EXPECT_EQ(open_damaged([&](const auto& log) { std::filesystem::resize_file(log, size); }), whole_in(size))
        << size;
    if (testing::Test::HasFailure()) return;
  }
}

/// What a power cut leaves where the length was written but the bytes were not.
TEST_F(LogTornTail, ZerosInsteadOfTheTail) {
  for (auto size = torn_.ends[1]; size <= torn_.ends[3]; size += 3) {
    EXPECT_EQ(open_damaged([&](const auto& log) {
                std::filesystem::resize_file(log, size);
                std::filesystem::resize_file(log, torn_.ends[3] + 4096);
              }),
              whole_in(size))
        << size;
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace holdfast::storage
