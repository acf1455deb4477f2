#include <gtest/gtest.h>

#include "files.h"
#include "holdfast/storage/checkpointer.h"
#include "holdfast/storage/log_janitor.h"
#include "holdfast/storage/log_tail.h"
#include "storage/kill_child.h"
#include "storage/log_history.h"

/// Fault test 1 for what a region does to its store beside writing: old log files go, checkpoints are made.
/// The process is killed at every step of it; the store is the same as before, and what a member was promised
/// of the log is there (invariants B, I).
namespace holdfast::storage {
namespace {

constexpr int upkeep_logs = 6;
constexpr int upkeep_batches_a_log = 10;
constexpr std::uint64_t upkeep_cap = 30'000;
constexpr std::uint64_t upkeep_fast_index = upkeep_logs * upkeep_batches_a_log;

std::filesystem::path lost_mark(const std::filesystem::path& directory, const std::string& member) {
  return directory / ("lost " + member);
}

void sweep_over_the_cap(const std::filesystem::path& directory) {
  const auto db = test::open_store(directory / "core.db", false);
  LogJanitor janitor(*db, {.cap_bytes = upkeep_cap}, [&](const std::string& member) {
    return files::write_durably(lost_mark(directory, member), "");
  });
  const auto report = janitor.sweep(
      {{.member = "slow", .durable_index = 5}, {.member = "fast", .durable_index = upkeep_fast_index}});
  ASSERT_TRUE(report) << report.error().describe();
  EXPECT_LE(report->log_bytes, upkeep_cap);
}

void make_a_checkpoint(const std::filesystem::path& directory) {
  const auto db = test::open_store(directory / "core.db", false);
  const auto place = directory / "checkpoint";
  const auto manifest = Checkpointer(*db).create(place);
  ASSERT_TRUE(manifest) << manifest.error().describe();
  EXPECT_TRUE(Checkpointer::verify_content(place, *manifest));
}

const bool sweep_registered = test::register_scenario("sweep", sweep_over_the_cap);
const bool checkpoint_registered = test::register_scenario("checkpoint", make_a_checkpoint);

class UpkeepKill : public testing::Test {
 protected:
  UpkeepKill() {
    history_ = test::LogHistory::begin(*scene_.db);
    for (int log = 0; log < upkeep_logs; ++log) {
      for (int i = 0; i < upkeep_batches_a_log; ++i) {
        history_.add(scene_.write({test::put_row(1, "k" + std::to_string(i), std::string(1000, 'v'))}),
                     *scene_.db);
      }
      scene_.flush_all();
    }
    history_.add(scene_.write({test::put_row(1, "last", "v")}), *scene_.db);
    scene_.close();
  }

  /// A fresh copy, killed at the step.
  bool killed(const test::TempDirectory& copy, const std::string& scenario, const std::string& step,
              int passing = 1) const {
    std::filesystem::copy(scene_.path(), copy / "core.db", std::filesystem::copy_options::recursive);
    return test::kill_at(scenario, copy.path(), step, passing);
  }

  test::LogScene scene_;
  test::LogHistory history_;
};

TEST_F(UpkeepKill, OfTheLogOnlyWhatWasGivenUpDurablyIsGone) {
  ASSERT_TRUE(sweep_registered);
  int kills = 0;
  for (int passing = 1;; ++passing) {
    SCOPED_TRACE("deletion " + std::to_string(passing));
    const test::TempDirectory copy;
    if (!killed(copy, "sweep", "janitor.delete", passing)) break;
    ++kills;
    {
      const auto db = test::open_store(copy / "core.db", false);
      ASSERT_TRUE(db);
      EXPECT_EQ(history_.expect_prefix(*db), history_.batches.size());
      const auto after = [&](std::uint64_t index) {
        return LogTail(*db).read_after(position_of(history_.batches.at(index - 1).head), 64UL << 20U);
      };
      EXPECT_TRUE(after(upkeep_fast_index));
      if (!after(5)) EXPECT_TRUE(std::filesystem::exists(lost_mark(copy.path(), "slow")));
    }
    EXPECT_FALSE(std::filesystem::exists(lost_mark(copy.path(), "fast")));
    EXPECT_FALSE(test::kill_at("sweep", copy.path(), "none")) << "it goes on";
  }
  EXPECT_GE(kills, 2);
}

TEST_F(UpkeepKill, AHalfMadeCheckpointIsOnlyInTheWay) {
  ASSERT_TRUE(checkpoint_registered);
  const test::TempDirectory copy;
  ASSERT_TRUE(killed(copy, "checkpoint", "checkpoint.created"));
  {
    const auto db = test::open_store(copy / "core.db", false);
    ASSERT_TRUE(db);
    EXPECT_EQ(history_.expect_prefix(*db), history_.batches.size());
    EXPECT_EQ(Checkpointer(*db).create(copy / "checkpoint").error().code, "already_exists");
  }
  ASSERT_TRUE(files::remove_tree(copy / "checkpoint"));
  EXPECT_FALSE(test::kill_at("checkpoint", copy.path(), "none"));
}

}  // namespace
}  // namespace holdfast::storage
