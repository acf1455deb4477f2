// Fault test 6: disk full on log, flush and restart. Invariants C (nothing acknowledged is lost) and H.
#include <gtest/gtest.h>

#include <random>

#include "storage/fault_env.h"
#include "storage/fault_store.h"
#include "test_store.h"

namespace holdfast::storage {
namespace {

using test::FaultEnv;
using test::FaultStore;

constexpr std::uint64_t mib = 1024UL * 1024;

TEST(DiskFull, BelowTheFloorWritesAreRefusedAndComeBackByThemselves) {
  test::TempDirectory directory;
  FaultEnv faults;
  faults.set_free_bytes(600 * mib);
  auto store = *FaultStore::open(directory.path(), {.env = faults.env()}, {});
  ASSERT_TRUE(store.write(1));
  faults.set_free_bytes(500 * mib);
  const auto refused = store.write(2);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::storage_full);
  EXPECT_TRUE(store.has(1));
  EXPECT_FALSE(store.has(2));
  EXPECT_FALSE(store.core->failure()) << "a floor is no failure";
  faults.set_free_bytes(600 * mib);
  ASSERT_TRUE(store.write(3));
  store.expect_sound();
}

/// Fills the disk below a store that does not watch its floor (somebody else was quicker), at a random byte.
TEST(DiskFull, TheLogMayEndAtAnyByte) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 12; ++round) {
    test::TempDirectory directory;
    FaultEnv faults;
    int acknowledged = 0;
    {
      auto store = *FaultStore::open(directory.path(), {.env = faults.env()});
      faults.set_free_bytes(random() % 20'000);
      Result<Head> last;
      while ((last = store.write(acknowledged + 1))) ++acknowledged;
      EXPECT_EQ(last.error().kind, ErrorKind::outcome_unknown);
      EXPECT_EQ(store.write(9999).error().code, "storage_failed");
      for (int number = 1; number <= acknowledged; ++number)
        ASSERT_TRUE(store.has(number)) << "reading goes on";
    }
    // Still full: RocksDB would abort the process; we refuse in one clear line.
    const auto full = FaultStore::open(directory.path(), {.env = faults.env()});
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().kind, ErrorKind::storage_full);
    // The ballast goes.
    faults.set_free_bytes(128 * mib);
    auto store = *FaultStore::open(directory.path(), {.env = faults.env()});
    for (int number = 1; number <= acknowledged; ++number)
      ASSERT_TRUE(store.has(number)) << "acknowledged " << number;
    EXPECT_FALSE(store.has(9999));
    ASSERT_TRUE(store.write(10'000));
    store.expect_sound();
  }
}

TEST(DiskFull, AFlushThatFindsNoSpaceLosesNothing) {
  test::TempDirectory directory;
  FaultEnv faults;
  int acknowledged = 0;
  {
    auto store =
        *FaultStore::open(directory.path(), {.env = faults.env(), .write_buffer_bytes = 64UL * 1024});
    faults.set_hook(
        [](FaultEnv::Operation operation, const std::string& path) -> std::optional<rocksdb::IOStatus> {
          if (operation != FaultEnv::Operation::append || !path.ends_with(".sst")) return {};
          return rocksdb::IOStatus::NoSpace("injected full disk", path);
        });
    while (acknowledged < 5000 && store.write(acknowledged + 1)) ++acknowledged;
    ASSERT_LT(acknowledged, 5000) << "no flush was tried";
    EXPECT_TRUE(store.core->failure());
    EXPECT_EQ(store.write(9999).error().code, "storage_failed");
    EXPECT_TRUE(store.has(1));
  }
  faults.set_hook(nullptr);
  auto store = *FaultStore::open(directory.path(), {.env = faults.env()});
  for (int number = 1; number <= acknowledged; ++number)
    ASSERT_TRUE(store.has(number)) << "acknowledged " << number;
  ASSERT_TRUE(store.write(10'000));
  store.expect_sound();
}

}  // namespace
}  // namespace holdfast::storage
