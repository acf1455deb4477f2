#include <gtest/gtest.h>

#include <fstream>

#include "holdfast/storage/watermark.h"
#include "storage/log_history.h"
#include "storage/log_scene.h"
#include "wal_files.h"

/// Fault test 4: one flipped bit in the middle of the log. RocksDB opens and says nothing; the synced
/// watermark finds that a tail is missing, and a peer's log heals it (must 15; invariants A, B, G).
namespace holdfast::storage {
namespace {

constexpr int flipped_batches = 60;

class LogBitFlip : public testing::Test {
 protected:
  /// Writes a history; `flush_family` is flushed in the middle, so that its tables are ahead of the damage.
  void write_history(std::optional<std::uint32_t> flush_family) {
    history_ = test::LogHistory::begin(*scene_.db);
    for (int i = 0; i < flipped_batches; ++i) {
      if (flush_family && i == flipped_batches / 2) scene_.flush(*flush_family);
      history_.add(scene_.write({test::put_row(1 + i % 3, "k" + std::to_string(i % 11),
                                               std::string(200, 'a' + i % 26))}),
                   *scene_.db);
    }
    watermark_ = Watermark{.term = scene_.db->durable().term, .index = scene_.db->durable().index};
    for (const auto& file : list_wal_files(*scene_.db->rocks()).value()) logs_.push_back(file);
    scene_.close();
  }

  /// Opens a copy with one bit flipped in log `which`; nothing when it does not open at all, which is loud
  /// enough.
  std::unique_ptr<CoreDb> open_flipped(const std::filesystem::path& copy, const WalFile& which,
                                       std::uint64_t offset) {
    std::filesystem::copy(scene_.path(), copy, std::filesystem::copy_options::recursive);
    std::fstream log(copy.string() + which.path, std::ios::in | std::ios::out | std::ios::binary);
    log.seekg(static_cast<std::streamoff>(offset));
    const auto byte = static_cast<char>(log.get() ^ 0x10);
    log.seekp(static_cast<std::streamoff>(offset));
    log.put(byte);
    log.close();
    auto db = CoreDb::open_tuned({.path = copy, .open_floor_bytes = 0}, {});
    return db ? *std::move(db) : nullptr;
  }

  test::LogScene scene_;
  test::LogHistory history_;
  std::vector<WalFile> logs_;
  std::optional<Watermark> watermark_;
};

TEST_F(LogBitFlip, TheMissedWatermarkIsFoundAndAPeerHealsIt) {
  write_history(std::nullopt);
  ASSERT_EQ(logs_.size(), 1U);
  for (std::uint64_t offset = 5; offset < logs_[0].bytes; offset += 397) {
    const test::TempDirectory copy(test::TempDirectory::Where::memory);
    const auto db = open_flipped(copy / "core.db", logs_[0], offset);
    ASSERT_TRUE(db) << "a flip in the only log opens as a shorter store";
    EXPECT_LT(history_.expect_prefix(*db), std::uint64_t{flipped_batches});
    EXPECT_EQ(judge_recovery(watermark_, db->applied()), Recovery::below_watermark) << offset;
    // A store that lost all of it has no reign of its own to compare.
    EXPECT_EQ(peer_is_further_in_own_term(db->applied(), position_of(history_.batches.back().head)),
              db->applied().index > 0);
    history_.heal(*db);
    EXPECT_EQ(judge_recovery(watermark_, db->applied()), Recovery::complete);
    if (testing::Test::HasFailure()) return;
  }
}

/// Tables that are ahead of the damaged log must not make a state that never was.
TEST_F(LogBitFlip, WithAFamilyFlushedBehindItEitherRefusedOrFound) {
  write_history(2);
  ASSERT_EQ(logs_.size(), 2U);
  for (const auto& log : logs_) {
    for (std::uint64_t offset = 5; offset < log.bytes; offset += 811) {
      const test::TempDirectory copy(test::TempDirectory::Where::memory);
      const auto db = open_flipped(copy / "core.db", log, offset);
      if (!db) continue;
      history_.expect_prefix(*db);
      EXPECT_EQ(judge_recovery(watermark_, db->applied()), Recovery::below_watermark)
          << log.path << " " << offset;
      if (testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace holdfast::storage
