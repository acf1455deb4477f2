#include <gtest/gtest.h>

#include "storage/kill_child.h"
#include "storage/log_history.h"

/// Fault test 1, the applying side: kill -9 at every named step, then the store is a gapless prefix that
/// holds everything acknowledged, and goes on (invariants A, B, G, H).
namespace holdfast::storage {
namespace {

constexpr int applied_batches = 12;
constexpr int sync_every = 3;

RawBatch apply_kill_batch(test::BatchMaker& maker, int i) {
  return maker.next(
      {test::put_row(1 + i % 4, "k" + std::to_string(i % 5), std::string(100, static_cast<char>('a' + i)))});
}

void apply_until_killed(const std::filesystem::path& directory) {
  const auto db = test::open_store(directory / "core.db", true);
  LogApplier applier(*db);
  test::BatchMaker maker;
  for (int i = 0; i < applied_batches; ++i) {
    ASSERT_TRUE(applier.apply(apply_kill_batch(maker, i)));
    if ((i + 1) % sync_every == 0) ASSERT_TRUE(applier.sync());
  }
}

const bool apply_registered = test::register_scenario("apply", apply_until_killed);

TEST(LogApplyKill, AtEveryStep) {
  ASSERT_TRUE(apply_registered);
  test::LogScene whole;
  auto history = test::LogHistory::begin(*whole.db);
  for (int i = 0; i < applied_batches; ++i) {
    history.batches.push_back(apply_kill_batch(whole.maker, i));
    ASSERT_TRUE(whole.applier->apply(history.batches.back()));
    history.states.push_back(test::dump_store(*whole.db));
  }
  for (const auto* step : {"apply.checked", "apply.written", "apply.observed", "apply.synced"}) {
    for (const int passing : {1, 2, 4}) {
      const test::TempDirectory directory;
      ASSERT_TRUE(test::kill_at("apply", directory.path(), step, passing)) << step;
      const auto db = test::open_store(directory / "core.db", false);
      ASSERT_TRUE(db);
      const auto index = history.expect_prefix(*db);
      const auto done =
          static_cast<std::uint64_t>(std::string_view(step) == "apply.checked" ? passing - 1 : passing);
      EXPECT_EQ(index, std::string_view(step) == "apply.synced" ? done * sync_every : done) << step;
      history.heal(*db);
      history.expect_whole_log(*db);
    }
  }
}

}  // namespace
}  // namespace holdfast::storage
