// Fault test 6, the part that nobody asked for: what RocksDB writes of its own accord (compactions, its LOG)
// when the disk is full. Invariants C (nothing acknowledged is lost) and H (the process lives).
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <thread>

#include "storage/fault_env.h"
#include "storage/fault_store.h"
#include "storage/file_size_limit.h"
#include "test_store.h"

namespace holdfast::storage {
namespace {

using test::FaultEnv;
using test::FaultStore;

constexpr std::uint64_t background_mib = 1024UL * 1024;
constexpr auto background_patience = std::chrono::seconds(60);

std::uint64_t background_property(const FaultStore& store, const std::string& name) {
  std::uint64_t value = 0;
  EXPECT_TRUE(store.core->rocks()->db->GetIntProperty("rocksdb." + name, &value));
  return value;
}

/// Until the property lies between these; RocksDB tells nobody.
void await_property(const FaultStore& store, const std::string& name, std::uint64_t least,
                    std::uint64_t most) {
  const auto until = std::chrono::steady_clock::now() + background_patience;
  for (auto seen = background_property(store, name); seen < least || seen > most;
       seen = background_property(store, name)) {
    ASSERT_LT(std::chrono::steady_clock::now(), until) << name << " stays " << seen;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void await_property(const FaultStore& store, const std::string& name, std::uint64_t value) {
  await_property(store, name, value, value);
}

/// RocksDB tries again every second, so there may be more.
void await_errors(const FaultStore& store, std::uint64_t count) {
  await_property(store, "background-errors", count, std::numeric_limits<std::uint64_t>::max());
}

void flush_background(const FaultStore& store) {
  const auto rocks = store.core->rocks();
  const std::vector<rocksdb::ColumnFamilyHandle*> families(rocks->families.begin(), rocks->families.end());
  ASSERT_TRUE(rocks->db->Flush(rocksdb::FlushOptions(), families).ok());
}

/// Tables whose rows still carry their sequence numbers, and a newer batch: the next snapshot that is let go
/// of makes RocksDB compact them.
void make_compaction_due(FaultStore& store) {
  ASSERT_TRUE(store.write(1));
  flush_background(store);
  ASSERT_TRUE(store.write(2));
}

void read_and_let_go(const FaultStore& store) { const auto reader = store.core->snapshot(); }

TEST(DiskFullBackground, ACompactionThatFindsNoSpaceIsTriedAgainAndClosesNothing) {
  test::TempDirectory directory;
  FaultEnv faults;
  auto store = *FaultStore::open(directory.path(), {.env = faults.env()});
  make_compaction_due(store);
  std::atomic<int> refused = 0;
  faults.set_hook(
      [&](FaultEnv::Operation operation, const std::string& path) -> std::optional<rocksdb::IOStatus> {
        if (operation != FaultEnv::Operation::append || !path.ends_with(".sst")) return {};
        ++refused;
        return rocksdb::IOStatus::NoSpace("injected full disk", path);
      });
  read_and_let_go(store);
  await_errors(store, 2);  // it failed, and failed again when it was tried again
  EXPECT_GE(refused, 2);
  EXPECT_FALSE(store.core->failure());
  ASSERT_TRUE(store.write(3));

  faults.set_hook(nullptr);
  await_property(store, "compaction-pending", 0);
  await_property(store, "num-running-compactions", 0);
  EXPECT_FALSE(store.core->failure());
  for (int number = 1; number <= 3; ++number) EXPECT_TRUE(store.has(number));
  store.expect_sound();
}

TEST(DiskFullBackground, AnyOtherErrorOfACompactionClosesTheStore) {
  test::TempDirectory directory;
  FaultEnv faults;
  auto store = *FaultStore::open(directory.path(), {.env = faults.env()});
  make_compaction_due(store);
  faults.set_hook(
      [](FaultEnv::Operation operation, const std::string& path) -> std::optional<rocksdb::IOStatus> {
        if (operation != FaultEnv::Operation::append || !path.ends_with(".sst")) return {};
        return rocksdb::IOStatus::IOError("injected error", path);
      });
  read_and_let_go(store);
  await_errors(store, 1);
  EXPECT_TRUE(store.core->failure());
  EXPECT_EQ(store.write(3).error().code, "storage_failed");
}

TEST(DiskFullBackground, ACompactionWaitsForRoom) {
  test::TempDirectory directory;
  FaultEnv faults;
  auto store = *FaultStore::open(directory.path(), {.env = faults.env()});
  make_compaction_due(store);
  std::atomic<bool> full = true;
  std::atomic<int> too_early = 0;
  faults.set_hook(
      [&](FaultEnv::Operation operation, const std::string& path) -> std::optional<rocksdb::IOStatus> {
        if (operation == FaultEnv::Operation::append && path.ends_with(".sst") && full) ++too_early;
        return {};
      });
  faults.set_free_bytes(background_mib);
  read_and_let_go(store);
  await_property(store, "num-running-compactions", 1);
  EXPECT_EQ(background_property(store, "background-errors"), 0U);

  full = false;
  faults.set_free_bytes(1024 * background_mib);
  await_property(store, "num-running-compactions", 0);
  await_property(store, "compaction-pending", 0);
  EXPECT_EQ(too_early, 0);
  EXPECT_FALSE(store.core->failure());
  faults.set_hook(nullptr);  // it looks at what ends before the store
}

TEST(DiskFullBackground, AStoreClosesWhileItsCompactionWaitsForRoom) {
  test::TempDirectory directory;
  FaultEnv faults;
  std::chrono::steady_clock::time_point begun;
  {
    auto store = *FaultStore::open(directory.path(), {.env = faults.env()});
    make_compaction_due(store);
    faults.set_free_bytes(background_mib);
    read_and_let_go(store);
    await_property(store, "num-running-compactions", 1);
    begun = std::chrono::steady_clock::now();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60));
}

// RocksDB's own writer of its LOG ends the process here, with the second line that does not fit.
TEST(DiskFullBackground, TheLogOfRocksDbMayFindNoRoom) {
  test::TempDirectory directory;
  auto store = *FaultStore::open(directory.path());
  const auto log = store.core->path() / "LOG";
  const auto size = std::filesystem::file_size(log);
  ASSERT_GT(size, 10'000U) << "the other files of this test are shorter";
  {
    const test::FileSizeLimit limit(size);
    for (int number = 1; number <= 20; ++number) {
      ASSERT_TRUE(store.write(number));
      flush_background(store);
    }
    EXPECT_EQ(std::filesystem::file_size(log), size);
  }
  ASSERT_TRUE(store.write(21));
  flush_background(store);
  EXPECT_GT(std::filesystem::file_size(log), size) << "it goes on where there is room again";
  EXPECT_FALSE(store.core->failure());
  store.expect_sound();
}

}  // namespace
}  // namespace holdfast::storage
