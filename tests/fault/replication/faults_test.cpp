#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "cutting_proxy.h"
#include "held_step.h"
#include "holdfast/async/block_on.h"
#include "holdfast/crypto/random.h"
#include "holdfast/storage/log_janitor.h"
#include "rocks.h"
#include "storage/temp_directory.h"
#include "test_region.h"

// The fault tests of replication that need no process of their own. Numbers are those of docs/fault-tests.md.
namespace holdfast::test {
namespace {

class Faults : public testing::Test {
 protected:
  void SetUp() override {
    proxy.forward_to(primary.port());
    primary.advertised_port = proxy.port();
    primary.init();
    primary.start();
  }
  void join_second() {
    const auto joined = second.join(primary);
    ASSERT_TRUE(joined) << joined.error().describe();
    second.start();
  }
  [[nodiscard]] bool caught_up() { return second.durable() == primary.durable(); }
  void write_many(int count, std::size_t bytes) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(primary.write("k" + std::to_string(written++), crypto::random_bytes(bytes)));
    }
  }
  void expect_identical() {
    const auto report = async::block_on(
        machine.io.next(), primary.replication().verify(second.name(), std::chrono::seconds(30)));
    ASSERT_TRUE(report) << report.error().describe();
    EXPECT_TRUE(report->identical());
  }
  static void archive_logs(TestRegion& region) {
    const auto store = region.core().rocks();
    for (auto* family : store->families) ASSERT_TRUE(store->db->Flush({}, family).ok());
  }

  /// While it is stopped: two bytes in the middle of its newest log.
  static void damage_newest_log(const TestRegion& region) {
    std::filesystem::path newest;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(region.root() / "generations")) {
      const bool is_log =
          entry.path().extension() == ".log" && std::filesystem::file_size(entry.path()) > 20'000;
      if (is_log && (newest.empty() || entry.path() > newest)) newest = entry.path();
    }
    ASSERT_FALSE(newest.empty());
    {
      std::fstream file(newest, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(newest) / 2));
      file.put('\x5a').put('\x5a');
    }
  }

  TempDirectory directory{TempDirectory::Where::memory};
  Machine machine;
  CuttingProxy proxy;
  TestRegion primary{machine, "us-east-1", directory / "a"};
  TestRegion second{machine, "eu-west-1", directory / "b"};
  int written = 0;
};

TEST_F(Faults, no_8_a_log_that_was_purged_means_a_snapshot_never_a_gap) {
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  const auto generation = second.data().current()->value().number;
  const auto left_at = second.durable().index;
  second.stop();
  storage::LogJanitor janitor(primary.core(), {.cap_bytes = 1, .keep_bytes = 0},
                              [](const std::string&) -> Result<> { return {}; });
  std::uint64_t oldest = 0;
  for (int round = 0; round < 20 && oldest <= left_at + 1; ++round) {
    write_many(100, 30'000);
    archive_logs(primary);
    const auto swept = janitor.sweep({});
    ASSERT_TRUE(swept) << swept.error().describe();
    oldest = swept->oldest_index;
  }
  ASSERT_GT(oldest, left_at + 1);
  second.start();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  EXPECT_GT(second.data().current()->value().number, generation);
  // The old generation is removed once the new one is in use.
  EXPECT_TRUE(eventually([&] { return second.data().generations()->size() == 1; }))
      << "nothing was lost, so nothing is kept";
  expect_identical();
}

TEST_F(Faults, no_8_a_log_that_is_purged_between_two_batches_of_a_catch_up_means_a_snapshot_never_a_gap) {
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  const auto generation = second.data().current()->value().number;
  const auto left_at = second.durable().index;
  second.stop();
  // Far more than a member may have on its way (16 MiB) and the newest batches in memory (4 MiB).
  for (int round = 0; round < 10; ++round) {
    write_many(6, 900'000);
    archive_logs(primary);
  }
  HeldStep apply("apply.checked", 3);
  second.start();
  ASSERT_TRUE(eventually([] { return HeldStep::is_held(); }, std::chrono::seconds(60)));
  storage::LogJanitor janitor(primary.core(), {.cap_bytes = 1, .keep_bytes = 0},
                              [](const std::string&) -> Result<> { return {}; });
  const auto swept = janitor.sweep({});
  ASSERT_TRUE(swept) << swept.error().describe();
  ASSERT_GT(swept->oldest_index, left_at + 30) << "what it will ask for next is gone";
  EXPECT_EQ(second.core().applied().index, left_at + 2) << "the stream was running";
  HeldStep::let_go();
  ASSERT_TRUE(eventually([&] { return caught_up(); }, std::chrono::seconds(60)));
  EXPECT_GT(second.data().current()->value().number, generation) << "it came by a snapshot";
  for (int i = 0; i < written; ++i) EXPECT_TRUE(second.read("k" + std::to_string(i))) << i;
  ASSERT_TRUE(eventually([&] { return primary.peers().find(second.name())->connected; }));
  expect_identical();
}

/// One bit of the middle of a file, whoever has it open.
void flip_bit_in(const std::filesystem::path& path) {
  const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(path) / 2);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(middle);
  const auto byte = static_cast<char>(file.get() ^ 1);
  file.seekp(middle);
  file.put(byte);
}

std::filesystem::path largest_table_below(const std::filesystem::path& directory) {
  std::filesystem::path largest;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.path().extension() == ".sst" && (largest.empty() || entry.file_size() > file_size(largest)))
      largest = entry.path();
  }
  return largest;
}

/// Waits until a region has begun to give another snapshot than its first.
bool gives_another_snapshot(TestRegion& region) {
  std::set<std::string> given;
  return eventually([&] {
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator(region.data().staging(), gone))
      // RocksDB makes it under another name.
      if (entry.path().extension() != ".tmp") given.insert(entry.path().filename());
    return given.size() > 1;
  });
}

TEST_F(Faults, no_15_a_snapshot_that_does_not_verify_is_asked_for_anew) {
  write_many(1, 300'000);
  archive_logs(primary);
  const auto table = largest_table_below(primary.root() / "generations");
  ASSERT_FALSE(table.empty());
  // Its checksum in the manifest is that of the damaged file.
  flip_bit_in(table);
  join_second();
  EXPECT_TRUE(gives_another_snapshot(primary)) << "the same one would never verify";
  EXPECT_EQ(second.durable().index, 0U);
  flip_bit_in(table);
  EXPECT_TRUE(eventually([&] { return caught_up(); })) << "nothing of the damaged one is gone on with";
}

/// Tears the largest table of what was received, as a power cut does, so many times.
class TornStage {
 public:
  explicit TornStage(const TestRegion& region, int times) {
    staging_ = region.root() / "staging";
    left_ = times;
    made_ = 0;
    storage::set_step_hook([](std::string_view step) {
      if (step == "checkpoint.created") ++made_;
      if (step == "staging.synced" && left_-- > 0) flip_bit_in(largest_table_below(staging_));
    });
  }
  ~TornStage() { storage::set_step_hook(nullptr); }
  static int left() { return left_; }
  static int made() { return made_; }

 private:
  static inline std::filesystem::path staging_;
  static inline std::atomic<int> left_;
  static inline std::atomic<int> made_;
};

TEST_F(Faults, no_15_a_file_that_was_torn_here_is_asked_for_again_alone) {
  write_many(1, 300'000);
  archive_logs(primary);
  const TornStage stage(second, 1);
  join_second();
  EXPECT_TRUE(eventually([&] { return caught_up(); }));
  EXPECT_LE(TornStage::left(), 0);
  EXPECT_EQ(TornStage::made(), 1) << "all that was received before is of use";
}

TEST_F(Faults, no_15_a_snapshot_that_is_torn_every_time_is_given_up) {
  write_many(1, 300'000);
  archive_logs(primary);
  const TornStage stage(second, 3);
  join_second();
  EXPECT_TRUE(eventually([&] { return caught_up(); }));
  EXPECT_EQ(TornStage::made(), 2) << "it is not the disk, perhaps: it may never verify";
}

TEST_F(Faults, no_16_a_snapshot_whose_keys_do_not_open_here_is_never_the_current_generation) {
  const auto store = primary.core().rocks();
  const auto key = storage::KeyWriter().u32(1).take();
  const auto full_key = std::string("\x00\x10", 2) + key;
  std::string row;
  ASSERT_TRUE(store->db->Get({}, store->families[0], full_key, &row).ok());
  auto damaged = row;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  rocksdb::WriteOptions unlogged;
  unlogged.disableWAL = true;
  // The primary itself has its keys in memory.
  ASSERT_TRUE(store->db->Put(unlogged, store->families[0], full_key, damaged).ok());
  join_second();
  EXPECT_TRUE(gives_another_snapshot(primary));
  EXPECT_EQ(second.data().current()->value().number, 1U) << "or this region would never start again";
  EXPECT_EQ(second.data().generations()->size(), 1U);
  ASSERT_TRUE(store->db->Put(unlogged, store->families[0], full_key, row).ok());
  EXPECT_TRUE(eventually([&] { return caught_up(); }));
}

TEST_F(Faults, no_15_a_snapshot_that_its_giver_cannot_read_any_more_is_made_anew) {
  // More than what is asked for ahead (2 MiB).
  write_many(6, 900'000);
  archive_logs(primary);
  HeldStep staging("staging.added", 1);
  join_second();
  ASSERT_TRUE(eventually([] { return HeldStep::is_held(); }, std::chrono::seconds(60)));
  std::filesystem::remove(largest_table_below(primary.data().staging()));
  HeldStep::let_go();
  EXPECT_TRUE(eventually([&] { return caught_up(); }));
}

TEST_F(Faults, no_10_and_15_connections_cut_after_ever_more_bytes_still_bring_everything) {
  write_many(60, 20'000);
  proxy.cut_after(9'000, 40'000);
  const auto token = async::block_on(machine.io.next(), primary.desk().create_token({.node = second.name()}));
  ASSERT_TRUE(token);
  ASSERT_TRUE(eventually([&] { return second.join(token->token).has_value(); }));
  second.start();
  ASSERT_TRUE(eventually([&] { return caught_up(); }, std::chrono::seconds(60)));
  EXPECT_GT(proxy.connections(), 5U) << "the snapshot was interrupted again and again";
  const auto kept = std::ranges::distance(std::filesystem::directory_iterator(primary.data().staging()),
                                          std::filesystem::directory_iterator());
  EXPECT_LE(kept, 1) << "a member that asks again and again has one checkpoint here";
  proxy.cut_after(6'000, 1);
  for (int i = 0; i < 6; ++i) {
    write_many(1, 500);
    ASSERT_TRUE(eventually([&] { return caught_up(); }));
  }
  proxy.cut_after(0, 0);
  ASSERT_TRUE(eventually([&] { return primary.peers().find(second.name())->connected && caught_up(); }));
  // The connection that was made before may still be cut, also while it compares.
  Result<replication::VerifyReport> report;
  ASSERT_TRUE(eventually([&] {
    report = async::block_on(machine.io.next(),
                             primary.replication().verify(second.name(), std::chrono::seconds(5)));
    return report.has_value();
  }));
  EXPECT_TRUE(report->identical());
}

TEST_F(Faults, no_11_a_half_open_link_is_dead_within_seconds_each_way) {
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  for (const bool from_dialler : {true, false}) {
    proxy.swallow(from_dialler, !from_dialler);
    EXPECT_TRUE(eventually([&] { return !primary.peers().find(second.name())->connected; },
                           std::chrono::seconds(60)));
    EXPECT_TRUE(
        eventually([&] { return !second.state().view().primary->reachable; }, std::chrono::seconds(60)));
    write_many(3, 100);
    proxy.swallow(false, false);
    ASSERT_TRUE(eventually([&] { return caught_up(); }));
    EXPECT_TRUE(eventually([&] { return second.state().view().primary->reachable; }));
  }
}

TEST_F(Faults, no_4_a_log_damaged_in_its_middle_opens_no_term_and_its_tail_is_pulled_back) {
  join_second();
  // From here on everything lies in the log alone: a checkpoint would have flushed it.
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  write_many(50, 1'000);
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  const auto before = primary.durable();
  primary.stop();
  second.stop();
  ASSERT_NO_FATAL_FAILURE(damage_newest_log(primary));
  primary.start();
  ASSERT_LT(primary.durable().index, before.index) << "RocksDB opens the damaged log as a shorter one";
  EXPECT_EQ(primary.state().role(), region::Role::fenced);
  EXPECT_EQ(primary.state().view().fence_reason, region::FenceReason::recovered_short);
  EXPECT_FALSE(primary.write("no", "no"));
  second.start();
  ASSERT_TRUE(eventually([&] { return primary.state().role() == region::Role::primary; }));
  EXPECT_GT(primary.durable().index, before.index);
  EXPECT_TRUE(primary.read("k49"));
  write_many(5, 100);
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  ASSERT_TRUE(eventually([&] { return primary.peers().find(second.name())->connected; }));
  expect_identical();
}

TEST_F(Faults, no_4_the_last_batch_is_pulled_back_also_where_the_link_was_cut_before_it_was_synced) {
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  write_many(50, 1'000);
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  HeldStep written("apply.observed");
  ASSERT_TRUE(primary.write("last", "batch"));
  ASSERT_TRUE(eventually([] { return HeldStep::is_held(); }));
  const auto before = primary.durable();
  primary.stop();
  ASSERT_TRUE(eventually([&] { return !second.state().view().primary->reachable; })) << "the session ended";
  ASSERT_LT(second.durable().index, before.index);
  HeldStep::let_go();
  ASSERT_NO_FATAL_FAILURE(damage_newest_log(primary));
  primary.start();
  ASSERT_LT(primary.durable().index, before.index);
  ASSERT_TRUE(
      eventually([&] { return primary.state().role() == region::Role::primary; }, std::chrono::seconds(60)))
      << "it waits for a batch that its only holder does not give";
  EXPECT_EQ(primary.read("last"), "batch");
}

TEST_F(Faults, a_fork_ends_in_quarantine_and_a_snapshot) {
  join_second();
  write_many(5, 100);
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  primary.stop();
  std::filesystem::copy(primary.root(), directory / "backup", std::filesystem::copy_options::recursive);
  primary.start();
  ASSERT_TRUE(eventually([&] { return primary.state().role() == region::Role::primary; }));
  write_many(5, 100);
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  primary.stop();
  second.stop();
  // The primary is restored from its backup, and somebody insists.
  std::filesystem::remove_all(primary.root());
  std::filesystem::copy(directory / "backup", primary.root(), std::filesystem::copy_options::recursive);
  primary.start({.policy = {.force_primary = true}});
  ASSERT_EQ(primary.state().role(), region::Role::primary);
  ASSERT_TRUE(primary.write("other", "history"));
  second.start();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  EXPECT_EQ(second.read("other"), "history");
  EXPECT_EQ(second.data().generations()->size(), 2U) << "the discarded tail is kept for the operator";
  ASSERT_TRUE(eventually([&] { return primary.peers().find(second.name())->connected; }));
  expect_identical();
}

TEST_F(Faults, no_25_one_changed_byte_is_found_by_the_comparison) {
  join_second();
  write_many(50, 100);
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  const auto store = second.core().rocks();
  auto* family = store->families.at(3);
  const std::unique_ptr<rocksdb::Iterator> rows(store->db->NewIterator({}, family));
  rows->SeekToFirst();
  ASSERT_TRUE(rows->Valid());
  auto value = rows->value().ToString();
  value.back() = static_cast<char>(value.back() ^ 1);
  rocksdb::WriteOptions unlogged;
  unlogged.disableWAL = true;
  ASSERT_TRUE(store->db->Put(unlogged, family, rows->key(), value).ok());
  const auto report = async::block_on(machine.io.next(),
                                      primary.replication().verify(second.name(), std::chrono::seconds(30)));
  ASSERT_TRUE(report) << report.error().describe();
  EXPECT_FALSE(report->identical());
  ASSERT_EQ(report->there.size(), 1U);
  ASSERT_EQ(report->here.size(), 1U);
  EXPECT_EQ(report->there.front().family, 3);
  EXPECT_NE(report->there.front().sha256, report->here.front().sha256);
  EXPECT_TRUE(primary.peers().find(second.name())->diverged);
}

TEST_F(Faults, a_comparison_ends_with_the_connection) {
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  expect_identical();
  constexpr std::chrono::seconds patience{60};
  std::chrono::steady_clock::duration took = patience;
  // Again where this machine stood still before the comparison began: then the connection was given up
  // without it.
  for (int round = 0; round < 3 && took >= patience * 2 / 3; ++round) {
    proxy.swallow(false, false);
    ASSERT_TRUE(eventually([&] { return primary.peers().find(second.name())->connected && caught_up(); }));
    proxy.swallow(true, false);
    const auto begun = std::chrono::steady_clock::now();
    const auto report =
        async::block_on(machine.io.next(), primary.replication().verify(second.name(), patience));
    took = std::chrono::steady_clock::now() - begun;
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, "member_away");
  }
  EXPECT_LT(took, patience * 2 / 3)
      << "it ends when the silent connection is given up, not when nobody waits any more";
}

TEST_F(Faults, facts_and_overrides_reach_the_primary_that_was_away) {
  static constexpr storage::Table facts_table{storage::Family::apps, 0x03f1, "test_facts"};
  const auto build = [&](TestRegion& region) {
    region.facts().register_fact(
        "seen", [&](const region::Fact& fact, storage::Transaction& transaction) -> Result<> {
          transaction.put(facts_table, fact.payload, storage::Scope::system(), 1, "1");
          return {};
        });
    const auto row = [raw = &region](const std::string& key) {
      return raw->read("state-" + key).value_or("");
    };
    region.facts().register_override(
        "state", {.compare = [](BytesView a, BytesView b) { return a <=> b; },
                  .settled = [row](const region::Override& value) { return row(value.key) >= value.value; },
                  .adopt = [raw = &region](const region::Override& value, const RegionName&,
                                           storage::Transaction& transaction) -> Result<> {
                    raw->put_row(transaction, "state-" + value.key, value.value);
                    return {};
                  },
                  .changed = {}});
  };
  primary.stop();
  primary.on_building = build;
  second.on_building = build;
  primary.start();
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  primary.stop();
  ASSERT_TRUE(second.facts().record("seen", "the fact"));
  ASSERT_TRUE(second.facts().set_override({.kind = "state", .key = "photos", .value = "2failover"}));
  primary.start();
  ASSERT_TRUE(eventually([&] { return primary.state().role() == region::Role::primary; }));
  ASSERT_TRUE(eventually([&] { return primary.read("state-photos") == "2failover"; }));
  ASSERT_TRUE(eventually([&] { return primary.core().reader().find(facts_table, "the fact")->has_value(); }));
  EXPECT_TRUE(eventually([&] { return second.facts().outbox({}, 10).empty(); }))
      << "its mark is durable everywhere";
  EXPECT_TRUE(eventually([&] { return primary.facts().all_overrides().empty(); }));
}

}  // namespace
}  // namespace holdfast::test
