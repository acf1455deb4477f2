// Fault test 5, must 1 of docs/fault-tests.md: one fsync failure. Invariants A (what is shipped is what is
// kept), C.
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "storage/fault_env.h"
#include "storage/fault_store.h"
#include "test_store.h"

namespace holdfast::storage {
namespace {

using test::FaultEnv;
using test::FaultStore;

/// Indexes of what reached the replication ring.
struct Shipped {
  CommitterOptions options() {
    return {.free_space_floor_bytes = 0, .publish = [this](const RawBatchPtr& batch) { last = batch->head; }};
  }
  Head last;
};

void expect_closed_but_readable(FaultStore& store, int acknowledged) {
  EXPECT_EQ(store.write(1000).error().code, "storage_failed");
  EXPECT_TRUE(store.core->failure());
  EXPECT_FALSE(store.committer->open());
  EXPECT_EQ(store.committer->begin({.reign = 9, .incarnation = 1}).error().code, "storage_failed");
  EXPECT_TRUE(store.has(acknowledged)) << "reading goes on";
}

class SyncFailure : public testing::TestWithParam<bool> {};

TEST_P(SyncFailure, ClosesTheCommitterForLifeAndLeavesASoundStore) {
  const bool power_cut = GetParam();
  test::TempDirectory directory;
  FaultEnv faults;
  Head before;
  {
    Shipped shipped;
    auto store = *FaultStore::open(directory.path(), {.env = faults.env()}, shipped.options());
    before = *store.write(1);
    faults.fail_syncs(".log", 1);  // transient: the next sync would work again
    const auto unknown = store.write(2);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().kind, ErrorKind::outcome_unknown);
    EXPECT_EQ(faults.syncs_to_fail(), 0);
    expect_closed_but_readable(store, 1);
    EXPECT_FALSE(store.core->rocks()->db->Put({}, "resumed", "?").ok())
        << "RocksDB has not resumed behind our back";
    EXPECT_EQ(store.core->durable(), before);
    EXPECT_EQ(shipped.last, before) << "nothing unsynced leaves the process";
  }
  if (power_cut) faults.drop_unsynced();
  auto store = *FaultStore::open(directory.path(), {.env = faults.env()});
  EXPECT_TRUE(store.has(1));
  EXPECT_FALSE(store.has(1000)) << "refused with certainty";
  if (power_cut) EXPECT_FALSE(store.has(2));
  EXPECT_LE(store.core->durable().index, before.index + 1);
  ASSERT_TRUE(store.write(3));
  store.expect_sound();
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutPowerCut, SyncFailure, testing::Bool());

TEST(SyncFailureUnderLoad, EveryAnswerIsRight) {
  test::TempDirectory directory;
  FaultEnv faults;
  constexpr int writers = 16;
  std::vector<std::vector<std::pair<int, Result<Head>>>> answers(writers);
  {
    auto store = *FaultStore::open(directory.path(), {.env = faults.env()});
    std::atomic<int> syncs = 0;
    faults.set_hook(
        [&](FaultEnv::Operation operation, const std::string& path) -> std::optional<rocksdb::IOStatus> {
          if (operation != FaultEnv::Operation::sync || !path.ends_with(".log") || ++syncs != 25) return {};
          return rocksdb::IOStatus::IOError("injected");
        });
    std::vector<std::thread> threads;
    for (int writer = 0; writer < writers; ++writer) {
      threads.emplace_back([&, writer] {
        for (int number = writer; store.committer->open(); number += writers) {
          answers[static_cast<std::size_t>(writer)].emplace_back(number, store.write(number));
        }
      });
    }
    for (auto& thread : threads) thread.join();
    faults.set_hook(nullptr);
  }
  faults.drop_unsynced();
  auto store = *FaultStore::open(directory.path(), {.env = faults.env()});
  int unknown = 0;
  for (const auto& one : answers) {
    for (const auto& [number, answer] : one) {
      const bool there = store.has(number);
      if (answer) {
        EXPECT_TRUE(there) << "acknowledged " << number;
        EXPECT_LE(answer->index, store.core->durable().index);
      } else if (answer.error().kind == ErrorKind::outcome_unknown) {
        ++unknown;
      } else {
        EXPECT_EQ(answer.error().code, "storage_failed");
        EXPECT_FALSE(there) << "refused with certainty " << number;
      }
    }
  }
  EXPECT_GT(unknown, 0);
  store.expect_sound();
}

TEST(FlushFailure, ClosesTheCommitterWithoutAWriteInFlight) {
  test::TempDirectory directory;
  FaultEnv faults;
  {
    auto store =
        *FaultStore::open(directory.path(), {.env = faults.env(), .write_buffer_bytes = 64UL * 1024});
    ASSERT_TRUE(store.write(1));
    faults.fail_syncs(".sst", 1);
    std::promise<void> failed;
    const auto subscription = store.core->on_failure([&](const std::string&) { failed.set_value(); });
    for (int number = 2; number < 2000 && store.committer->open(); ++number) {
      auto answered = std::make_shared<std::promise<void>>();
      store.committer->commit(store.numbered(number),
                              [answered](const Result<Head>&) { answered->set_value(); });
      answered->get_future().wait();
    }
    failed.get_future().wait();
    expect_closed_but_readable(store, 1);
  }
  auto store = *FaultStore::open(directory.path(), {.env = faults.env()});
  EXPECT_TRUE(store.has(1));
  ASSERT_TRUE(store.write(5000));
  store.expect_sound();
}

}  // namespace
}  // namespace holdfast::storage
