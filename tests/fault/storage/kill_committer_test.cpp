// Fault test 1, committing side: kill -9 at every named step. Invariants A (whole transactions, exact chain),
// C.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <random>
#include <set>
#include <thread>

#include "holdfast/storage/step.h"
#include "storage/child_process.h"
#include "storage/fault_env.h"
#include "storage/fault_store.h"
#include "test_store.h"

namespace holdfast::storage {
namespace {

using test::FaultEnv;
using test::FaultStore;

constexpr int kill_writers = 8;
std::string kill_step;                 // where the child dies …
std::atomic<int> kill_countdown = -1;  // … and at which passing; below zero: nowhere

void die_at(std::string_view step) {
  if (step == kill_step && --kill_countdown == 0) ::kill(getpid(), SIGKILL);
}

/// Arguments: directory, first number, step, passing. Writes numbers from eight threads until it is killed
/// and reports each one before it is tried ("try N") and after it was acknowledged ("ack N").
int run_kill_writer(const std::vector<std::string>& arguments) {
  kill_step = arguments[2];  // before RocksDB's threads can look at it
  FaultEnv faults;
  faults.set_hook(
      [](FaultEnv::Operation operation, const std::string& path) -> std::optional<rocksdb::IOStatus> {
        if (path.ends_with(".log"))
          die_at(operation == FaultEnv::Operation::append ? "log.append" : "log.sync");
        return {};
      });
  auto store = *FaultStore::open(arguments[0], {.env = faults.env()});
  std::atomic<int> next = std::stoi(arguments[1]);
  kill_countdown = std::stoi(arguments[3]);
  set_step_hook(die_at);
  test::report_line("ready");
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kill_writers; ++writer) {
    threads.emplace_back([&] {
      while (true) {
        const int number = next++;
        test::report_line("try " + std::to_string(number));
        if (store.write(number)) test::report_line("ack " + std::to_string(number));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  return 0;
}

const test::ChildProgram kill_writer{"kill_writer", run_kill_writer};

struct Told {
  std::set<int> tried;
  std::set<int> acknowledged;
};

void note(Told& told, const std::string& line) {
  if (line.starts_with("try ")) told.tried.insert(std::stoi(line.substr(4)));
  if (line.starts_with("ack ")) told.acknowledged.insert(std::stoi(line.substr(4)));
}

void expect_kept(const std::filesystem::path& directory, const Told& told) {
  auto store = FaultStore::open(directory);
  ASSERT_TRUE(store) << store.error().describe();
  int unanswered = 0;
  for (const int number : told.tried) {
    const bool there = store->has(number);
    if (told.acknowledged.contains(number)) {
      EXPECT_TRUE(there) << "acknowledged " << number;
    } else {
      ++unanswered;
    }
  }
  EXPECT_LE(unanswered, kill_writers);
  ASSERT_TRUE(store->write(1'000'000));
  store->expect_sound();
}

class KillCommitter : public testing::TestWithParam<const char*> {};

TEST_P(KillCommitter, AtStep) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  test::TempDirectory directory;
  // The same store is killed again and again: what recovery makes of one crash must survive the next.
  for (int round = 0; round < 3; ++round) {
    test::Child child("kill_writer", {directory.path(), std::to_string(round * 100'000 + 1), GetParam(),
                                      std::to_string(1 + random() % 40)});
    Told told;
    while (const auto line = child.next_line()) note(told, *line);
    ASSERT_EQ(child.wait_signal(), SIGKILL) << "exit code " << child.exit_code();
    ASSERT_FALSE(told.tried.empty());
    expect_kept(directory.path(), told);
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(EveryStep, KillCommitter,
                         testing::Values("commit.taken", "commit.checked", "log.append", "log.sync",
                                         "commit.synced", "commit.published", "commit.observed",
                                         "commit.answered"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(KillCommitterAnywhere, FromOutside) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  test::TempDirectory directory;
  for (int round = 0; round < 6; ++round) {
    test::Child child("kill_writer",
                      {directory.path(), std::to_string(round * 100'000 + 1), "nowhere", "-1"});
    Told told;
    // Dies after a random number of its lines: some moment of its life that no step names.
    for (auto lines = 1 + random() % 400; lines > 0; --lines) {
      const auto line = child.next_line();
      ASSERT_TRUE(line);
      note(told, *line);
    }
    child.kill();
    while (const auto line = child.next_line()) note(told, *line);
    ASSERT_EQ(child.wait_signal(), SIGKILL);
    expect_kept(directory.path(), told);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace holdfast::storage
