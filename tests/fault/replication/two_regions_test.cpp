#include "two_regions.h"

#include <algorithm>

#include "holdfast/async/block_on.h"
#include "holdfast/crypto/random.h"
#include "holdfast/storage/step.h"
#include "rocks.h"
#include "slot_book.h"

// Two whole regions below the domain rooms: real stores, real TLS on loopback.
namespace holdfast::test {
namespace {

TEST_F(TwoRegions, a_newcomer_gets_a_snapshot_and_then_follows_the_log) {
  ASSERT_TRUE(primary.write("early", "1"));
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  EXPECT_EQ(second.read("early"), "1");
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(primary.write("k" + std::to_string(i), std::string(2000, 'x')));
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  EXPECT_EQ(second.read("k199"), std::string(2000, 'x'));
  EXPECT_EQ(second.state().role(), region::Role::secondary);
  EXPECT_TRUE(eventually(
      [&] { return primary.peers().durable_everywhere(storage::position_of(primary.durable())); }));
  const auto view = second.state().view();
  ASSERT_TRUE(view.primary);
  EXPECT_EQ(view.primary->name, primary.name());
  EXPECT_EQ(second.write("no", "no").error().code, "read_only_region");

  const auto report = async::block_on(machine.io.next(),
                                      primary.replication().verify(second.name(), std::chrono::seconds(20)));
  ASSERT_TRUE(report) << report.error().describe();
  EXPECT_TRUE(report->identical());
  EXPECT_GT(report->rows, 200U);
}

TEST_F(TwoRegions, a_secondary_that_was_away_catches_up_from_the_log) {
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  const auto generation = second.data().current()->value().number;
  second.stop();
  // More than the ring holds, so that the log on disk is read.
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(primary.write("k" + std::to_string(i), std::string(30'000, 'y')));
  second.start();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  EXPECT_EQ(second.data().current()->value().number, generation) << "no snapshot was needed";
}

TEST_F(TwoRegions, a_primary_that_comes_back_waits_for_its_peer_and_opens_a_new_incarnation) {
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  ASSERT_TRUE(primary.write("before", "1"));
  primary.stop();
  second.stop();
  primary.start();
  EXPECT_EQ(primary.state().role(), region::Role::fenced);
  EXPECT_EQ(primary.write("no", "no").error().code, "read_only_region");
  second.start();
  ASSERT_TRUE(eventually([&] { return primary.state().role() == region::Role::primary; }));
  EXPECT_EQ(primary.state().view().term, (storage::Term{.reign = 1, .incarnation = 3}));
  ASSERT_TRUE(primary.write("after", "2"));
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  EXPECT_EQ(second.read("after"), "2");
}

TEST_F(TwoRegions, writes_wait_for_the_secondary_where_the_setting_says_so) {
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  const auto wait_at_most = [&](std::chrono::milliseconds limit) {
    auto setting = primary.core().transaction();
    ASSERT_TRUE(region::AcknowledgeSettings::put(setting, region::AckClass::security,
                                                 {.needed = 1, .of = 1, .in_force = 1, .limit = limit}));
    ASSERT_TRUE(async::block_on(machine.io.next(), primary.writer().commit(std::move(setting))));
  };
  // A busy machine's secondary may take its time.
  wait_at_most(std::chrono::seconds(30));
  const auto confirmed = primary.write("secret", "1", region::AckClass::security);
  ASSERT_TRUE(confirmed) << confirmed.error().describe();
  EXPECT_EQ(confirmed->durability, region::Durability::acknowledged);
  EXPECT_GE(second.durable().index, confirmed->head.index);
  second.stop();
  wait_at_most(std::chrono::milliseconds(300));
  // As if it had stopped this moment: a member unheard for long would be refused before anything is written.
  primary.peers().heard(second.name());
  const auto unknown = primary.write("secret", "2", region::AckClass::security);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::outcome_unknown);
  EXPECT_EQ(primary.write("other", "3")->durability, region::Durability::primary_only);
}

TEST_F(TwoRegions, a_lost_member_is_lost_after_a_restart_too) {
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  second.stop();
  ASSERT_TRUE(primary.write("k", "1"));
  primary.stop();
  // What the janitor does at the cap.
  primary.on_building = [&](TestRegion& region) {
    ASSERT_TRUE((*replication::SlotBook::open(region.local()))->mark_lost(second.name()));
  };
  primary.start();
  const auto peer = primary.peers().find(second.name());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->slot, region::SlotState::lost);
  EXPECT_TRUE(primary.peers().durable_everywhere(storage::position_of(primary.durable())))
      << "nothing waits for a member that needs a snapshot first";
}

/// The archived log for which the janitor gives up a member becomes what cannot be deleted that way.
class UndeletableLog {
 public:
  explicit UndeletableLog(TestRegion& region) {
    region_ = &region;
    is_done_ = false;
    storage::set_step_hook([](std::string_view step) {
      if (step != "janitor.delete" || is_done_ || !has_lost_slot()) return;
      std::filesystem::path oldest;
      for (const auto& entry : std::filesystem::directory_iterator(region_->core().path() / "archive")) {
        // RocksDB lists no empty ones.
        const bool is_older = oldest.empty() || entry.path() < oldest;
        if (is_older && entry.file_size() > 0) oldest = entry.path();
      }
      std::filesystem::remove(oldest);
      std::filesystem::create_directory(oldest);
      is_done_ = true;
    });
  }
  ~UndeletableLog() { storage::set_step_hook(nullptr); }
  static bool is_done() { return is_done_; }

 private:
  static bool has_lost_slot() {
    return std::ranges::any_of((*replication::SlotBook::open(region_->local()))->slots(),
                               &storage::Slot::lost);
  }

  static inline TestRegion* region_;
  static inline std::atomic<bool> is_done_;
};

TEST_F(TwoRegions, a_lost_member_is_lost_also_where_the_sweep_that_gave_it_up_fails) {
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  second.stop();
  primary.stop();
  const UndeletableLog log(primary);
  primary.start({.policy = {.require_peers = false}, .log_cap_bytes = 1});
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(primary.write("k", "1"));
    const auto store = primary.core().rocks();
    for (auto* family : store->families) ASSERT_TRUE(store->db->Flush({}, family).ok());
  }
  ASSERT_FALSE(primary.peers().durable_everywhere(storage::position_of(primary.durable())));
  ASSERT_TRUE(eventually([] { return UndeletableLog::is_done(); }));
  EXPECT_TRUE(
      eventually([&] { return primary.peers().durable_everywhere(storage::position_of(primary.durable())); },
                 std::chrono::seconds(30)))
      << "the next sweep finds it lost already and says nothing";
}

TEST_F(TwoRegions, object_bytes_travel_in_both_directions) {
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  const auto key = primary.core().keys()->key_for(storage::Scope::token());
  ASSERT_TRUE(key);
  const auto photo = crypto::random_bytes(3'300'000);
  const auto there = primary.blobs().put(*key, photo);
  const auto here = second.blobs().put(*key, "small");
  ASSERT_TRUE(there && here);
  second.demand().want(there->id, {.size = there->size, .sha256 = there->sha256});
  primary.demand().want(here->id, {.size = here->size, .sha256 = here->sha256});
  ASSERT_TRUE(eventually([&] { return second.blobs().has(there->id) && primary.blobs().has(here->id); }));
  auto reader = second.blobs().read(there->id);
  ASSERT_TRUE(reader);
  EXPECT_EQ(*reader->read(0, photo.size()), photo);
  EXPECT_TRUE(eventually([&] { return second.demand().missing() == 0; }));
}

TEST_F(TwoRegions, a_removed_member_is_cut_off_at_once) {
  join_second();
  ASSERT_TRUE(eventually([&] { return caught_up(); }));
  auto row = *primary.members().find(second.name());
  row.state = region::MemberState::removed;
  auto transaction = primary.core().transaction();
  ASSERT_TRUE(region::Members::put(transaction, row));
  ASSERT_TRUE(async::block_on(machine.io.next(), primary.writer().commit(std::move(transaction))));
  ASSERT_TRUE(primary.write("afterwards", "1"));
  EXPECT_TRUE(eventually([&] { return !primary.peers().find(second.name())->connected; }));
  EXPECT_FALSE(second.read("afterwards"));
}

TEST_F(TwoRegions, a_token_admits_one_region_once) {
  const auto token = async::block_on(machine.io.next(), primary.desk().create_token({.node = second.name()}));
  ASSERT_TRUE(token);
  TestRegion other(machine, "ap-south-1", directory / "c");
  EXPECT_EQ(other.join(token->token).error().code, "join_refused") << "the token names another region";
  ASSERT_TRUE(second.join(token->token));
  TestRegion again(machine, "eu-west-1", directory / "d");
  EXPECT_EQ(again.join(token->token).error().code, "join_refused") << "the token is used up";
}

TEST_F(TwoRegions, a_second_token_of_one_name_replaces_no_member) {
  const auto first = async::block_on(machine.io.next(), primary.desk().create_token({.node = second.name()}));
  const auto other = async::block_on(machine.io.next(), primary.desk().create_token({.node = second.name()}));
  ASSERT_TRUE(first && other);
  ASSERT_TRUE(second.join(first->token));
  const auto member = primary.members().find(second.name());
  TestRegion thief(machine, second.name().str(), directory / "c");
  EXPECT_EQ(thief.join(other->token).error().code, "join_refused");
  EXPECT_EQ(primary.members().find(second.name()), member) << "its key is still the first one's";
}

}  // namespace
}  // namespace holdfast::test
