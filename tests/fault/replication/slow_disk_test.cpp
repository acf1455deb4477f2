#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "holdfast/crypto/key_wrap.h"
#include "holdfast/region/fact_exchange.h"
#include "rocks.h"
#include "slot_book.h"
#include "storage/fault_env.h"
#include "storage/temp_directory.h"

// A disk that stands still: what I/O threads ask with every ack, beat and request is answered all the same.
namespace holdfast::test {
namespace {

class SlowDisk : public testing::Test {
 protected:
  void SetUp() override {
    const auto key = crypto::RsaRegionKey::generate();
    ASSERT_TRUE(key);
    auto opened = storage::LocalDb::open_tuned({.path = directory / "local.db", .create = true}, *key,
                                               {.env = disk.env()});
    ASSERT_TRUE(opened) << opened.error().describe();
    local = *std::move(opened);
  }

  /// Whether `read` comes back while the sync of `write` does not.
  bool answers_meanwhile(const std::function<void()>& write, const std::function<void()>& read) {
    std::atomic<bool> is_held = false;
    std::atomic<bool> let_go = false;
    disk.set_hook([&](FaultEnv::Operation operation, const std::string&) -> std::optional<rocksdb::IOStatus> {
      if (operation == FaultEnv::Operation::sync) {
        is_held = true;
        is_held.notify_all();
        let_go.wait(false);
      }
      return std::nullopt;
    });
    auto writing = std::async(std::launch::async, write);
    is_held.wait(false);
    auto reading = std::async(std::launch::async, read);
    const bool answered = reading.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    let_go = true;
    let_go.notify_all();
    writing.get();
    reading.get();
    disk.set_hook({});
    return answered;
  }

  TempDirectory directory;
  FaultEnv disk;
  std::unique_ptr<storage::LocalDb> local;
};

TEST_F(SlowDisk, acks_and_beats_do_not_wait_for_slots_to_be_written) {
  const auto opened = replication::SlotBook::open(*local);
  ASSERT_TRUE(opened);
  auto& book = **opened;
  const RegionName one("one");
  const RegionName two("two");
  std::uint64_t acknowledged = 0;
  const auto ack = [&] {
    book.advance(two, ++acknowledged);
    EXPECT_EQ(book.state(two), region::SlotState::reserved);
    EXPECT_FALSE(book.slots().empty());
  };
  EXPECT_TRUE(answers_meanwhile([&] { EXPECT_TRUE(book.pin(one, 5)); }, ack));
  EXPECT_TRUE(answers_meanwhile([&] { EXPECT_TRUE(book.mark_lost(one)); }, ack));
  EXPECT_TRUE(answers_meanwhile([&] { EXPECT_TRUE(book.save()); }, ack));
  EXPECT_TRUE(answers_meanwhile([&] { EXPECT_TRUE(book.forget_others({two})); }, ack));
  // What came while the disk stood still is written by the next round.
  ASSERT_TRUE(book.save());
  const auto again = replication::SlotBook::open(*local);
  ASSERT_TRUE(again);
  const auto slots = (*again)->slots();
  ASSERT_EQ(slots.size(), 1U);
  EXPECT_EQ(slots.front().member, two.str());
  EXPECT_EQ(slots.front().durable_index, acknowledged);
}

TEST_F(SlowDisk, requests_do_not_wait_for_overrides_to_be_written) {
  const auto core = storage::CoreDb::open({.path = directory / "core.db", .create = true});
  ASSERT_TRUE(core);
  const auto opened = region::FactExchange::open(*local, **core, RegionName("self"), system_clock());
  ASSERT_TRUE(opened);
  auto& facts = **opened;
  bool is_settled = false;
  facts.register_override("state", {.compare = [](BytesView a, BytesView b) { return a <=> b; },
                                    .settled = [&](const region::Override&) { return is_settled; },
                                    .acceptable = {},
                                    .adopt = {},
                                    .changed = {}});
  const auto setting = [](Bytes value) {
    return region::Override{.kind = "state", .key = "k", .value = value};
  };
  ASSERT_TRUE(facts.set_override(setting("1")));
  std::size_t found = 0;
  const auto ask = [&] {
    found = facts.all_overrides().size();
    EXPECT_EQ(facts.find_override("state", "k").has_value(), found == 1);
  };
  EXPECT_TRUE(answers_meanwhile([&] { EXPECT_TRUE(facts.set_override(setting("2"))); }, ask));
  EXPECT_EQ(facts.find_override("state", "k")->value, "2");
  EXPECT_TRUE(answers_meanwhile(
      [&] { EXPECT_TRUE(facts.heard_overrides(RegionName("peer"), {setting("3")})); }, ask));
  EXPECT_EQ(facts.find_override("state", "k")->value, "3");
  is_settled = true;
  EXPECT_TRUE(answers_meanwhile([&] { EXPECT_TRUE(facts.drop_settled("state")); }, ask));
  EXPECT_FALSE(facts.find_override("state", "k"));
}

}  // namespace
}  // namespace holdfast::test
