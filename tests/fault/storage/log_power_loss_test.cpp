#include <gtest/gtest.h>

#include <random>

#include "storage/fault_env.h"
#include "storage/log_history.h"

/// Fault test 2, on a secondary: the power goes, whatever was not synced is lost. What `sync` acknowledged is
/// there, and the store is a gapless prefix of the primary's history (invariants A, B, G).
namespace holdfast::storage {
namespace {

TEST(LogPowerLoss, ASecondaryKeepsWhatItAcknowledged) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto chance = [&](int percent) { return std::uniform_int_distribution(0, 99)(random) < percent; };
  for (int round = 0; round < 10; ++round) {
    test::FaultEnv faults;
    test::LogScene scene(
        {.env = faults.env(), .write_buffer_bytes = 64UL * 1024, .max_wal_bytes = 32UL * 1024});
    auto history = test::LogHistory::begin(*scene.db);
    for (int i = 0; i < 40; ++i) {
      const auto family = std::uniform_int_distribution<std::uint32_t>(0, 7)(random);
      const auto size = std::uniform_int_distribution<std::size_t>(1, 3000)(random);
      history.add(scene.write({test::put_row(family, "k" + std::to_string(i % 9), std::string(size, 'v'))},
                              chance(20)),
                  *scene.db);
      if (chance(5)) scene.flush(family);
    }
    const auto acknowledged = scene.db->durable().index;
    scene.close();
    faults.drop_unsynced();
    scene.reopen();
    EXPECT_GE(history.expect_prefix(*scene.db), acknowledged) << "round " << round;
    history.heal(*scene.db);
    history.expect_whole_log(*scene.db);
    if (testing::Test::HasFailure()) return;
  }
}

/// One failed fsync on a secondary ends its writing; nothing of the failed sync is ever acknowledged (must 1,
/// invariant H).
TEST(LogPowerLoss, AFailedSyncIsNeverAcknowledged) {
  test::FaultEnv faults;
  test::LogScene scene({.env = faults.env()});
  auto history = test::LogHistory::begin(*scene.db);
  history.add(scene.write({test::put_row(1, "a", "1")}), *scene.db);
  history.add(scene.write({test::put_row(1, "a", "2")}, false), *scene.db);
  faults.fail_syncs(".log", 1);
  EXPECT_EQ(scene.applier->sync().error().code, "storage_failed");
  EXPECT_EQ(scene.db->durable().index, 1U);
  EXPECT_EQ(scene.applier->sync().error().code, "storage_failed");
  EXPECT_EQ(scene.applier->apply(scene.maker.next({})).error().code, "storage_failed");
  scene.close();
  faults.drop_unsynced();
  scene.reopen();
  EXPECT_GE(history.expect_prefix(*scene.db), 1U);
}

}  // namespace
}  // namespace holdfast::storage
