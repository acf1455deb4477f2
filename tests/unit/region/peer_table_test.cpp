#include "holdfast/region/peer_table.h"

#include <gtest/gtest.h>

#include "holdfast/async/block_on.h"
#include "holdfast/async/io_pool.h"
#include "holdfast/region/acknowledge.h"
#include "holdfast/region/tables.h"
#include "holdfast/region/writer.h"
#include "test_store.h"

namespace holdfast::region {
namespace {

using namespace std::chrono_literals;

const RegionName peers_self{"us-east-1"};
const RegionName peers_second{"eu-west-1"};
const RegionName peers_third{"ap-south-1"};

storage::Position position_at(std::uint64_t index, std::uint32_t reign = 1) {
  return {.term = {.reign = reign, .incarnation = 1}, .index = index};
}

class PeerTableTest : public testing::Test {
 protected:
  PeerTableTest() {
    members = *Members::open(store.core(), peers_self);
    auto transaction = store.transaction();
    for (const auto& name : {peers_self, peers_second, peers_third}) {
      EXPECT_TRUE(Members::put(transaction, {.name = name, .node_id = name.str(), .node_spki = name.str()}));
    }
    store.commit(std::move(transaction));
    peers = std::make_unique<PeerTable>(*members, store.clock());
  }

  // Outlives the commit thread, which may still be in post() when an answer is here.
  async::IoPool io{1};
  test::TestStore store;
  std::unique_ptr<Members> members;
  std::unique_ptr<PeerTable> peers;
};

TEST_F(PeerTableTest, a_position_is_everywhere_only_when_each_member_has_it) {
  EXPECT_FALSE(peers->durable_everywhere(position_at(5)));
  peers->durable(peers_second, position_at(5));
  EXPECT_FALSE(peers->durable_everywhere(position_at(5)));
  peers->durable(peers_third, position_at(7));
  EXPECT_TRUE(peers->durable_everywhere(position_at(5)));
  EXPECT_FALSE(peers->durable_everywhere(position_at(6)));
}

TEST_F(PeerTableTest, another_history_proves_nothing) {
  peers->durable(peers_second, position_at(9));
  peers->durable(peers_third, position_at(9));
  EXPECT_FALSE(peers->durable_everywhere(position_at(5, 2))) << "a lower reign";
  auto other = position_at(9);
  other.hash_prefix[0] = 'x';
  EXPECT_FALSE(peers->durable_everywhere(other)) << "the same index, another batch";
}

TEST_F(PeerTableTest, a_lost_slot_and_a_removed_member_are_not_waited_for) {
  peers->durable(peers_second, position_at(5));
  peers->slot(peers_third, SlotState::lost);
  EXPECT_TRUE(peers->durable_everywhere(position_at(5)));
  peers->slot(peers_third, SlotState::reserved);
  EXPECT_FALSE(peers->durable_everywhere(position_at(5)));
  auto row = *members->find(peers_third);
  row.state = MemberState::removed;
  auto transaction = store.transaction();
  ASSERT_TRUE(Members::put(transaction, row));
  store.commit(std::move(transaction));
  EXPECT_TRUE(peers->durable_everywhere(position_at(5)));
}

TEST_F(PeerTableTest, live_is_heard_within_five_seconds) {
  EXPECT_FALSE(peers->live(peers_second));
  peers->heard(peers_second);
  EXPECT_TRUE(peers->live(peers_second));
  store.clock().advance(5s);
  EXPECT_TRUE(peers->live(peers_second));
  store.clock().advance(1ms);
  EXPECT_FALSE(peers->live(peers_second));
}

TEST_F(PeerTableTest, waiting_ends_with_the_ack_that_was_missing_or_with_unknown) {
  const auto unknown = async::block_on(io.next(), peers->wait_durable(position_at(5), 1, 20ms));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::outcome_unknown);
  std::jthread acknowledger([&] { peers->durable(peers_second, position_at(5)); });
  EXPECT_TRUE(async::block_on(io.next(), peers->wait_durable(position_at(5), 1, 10s)));
  EXPECT_FALSE(async::block_on(io.next(), peers->wait_durable(position_at(5), 2, 20ms)));
}

TEST(AckRules, k_of_n) {
  const auto rule = AckRule::parse("1 of 2");
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->needed, 1U);
  EXPECT_EQ(rule->of, 2U);
  for (const auto* bad : {"", "1", "2 of 1", "1 of 17", "-1 of 2", "1of2", "one of two", "1 of 2 of 3"}) {
    EXPECT_FALSE(AckRule::parse(bad)) << bad;
  }
  EXPECT_EQ(*AckRule::decode(rule->encode()), *rule);
}

TEST(AckRules, a_stored_rule_beyond_every_bound_is_damage_and_not_cut_to_size) {
  AckRule rule{.needed = 1, .of = 1};
  rule.needed = 17;
  EXPECT_FALSE(AckRule::decode(rule.encode()));
  rule = {.needed = 1, .of = 1, .limit = std::chrono::milliseconds(-1)};
  EXPECT_FALSE(AckRule::decode(rule.encode()));
  rule.limit = std::chrono::hours(2);
  EXPECT_FALSE(AckRule::decode(rule.encode()));
}

TEST(AckRules, of_two_that_need_as_many_the_one_that_does_not_degrade_counts) {
  test::TestStore store;
  const auto settings = *AcknowledgeSettings::open(store.core());
  auto transaction = store.transaction();
  ASSERT_TRUE(AcknowledgeSettings::put(transaction, AckClass::security,
                                       {.needed = 1, .of = 2, .in_force = 1, .degrade = true}));
  ASSERT_TRUE(AcknowledgeSettings::put(transaction, AckClass::all, {.needed = 1, .of = 2, .in_force = 1}));
  store.commit(std::move(transaction));
  EXPECT_FALSE(settings->rule_for(AckClass::security)->degrade);
  EXPECT_TRUE(settings->rule_for(AckClass::membership)->degrade) << "or nobody could ever join or be removed";
}

TEST(AckRules, the_stricter_of_a_class_and_all_counts) {
  test::TestStore store;
  const auto settings = *AcknowledgeSettings::open(store.core());
  EXPECT_FALSE(settings->rule_for(AckClass::security));
  auto transaction = store.transaction();
  ASSERT_TRUE(
      AcknowledgeSettings::put(transaction, AckClass::security, {.needed = 2, .of = 2, .in_force = 2}));
  ASSERT_TRUE(AcknowledgeSettings::put(transaction, AckClass::all, {.needed = 2, .of = 2, .in_force = 1}));
  store.commit(std::move(transaction));
  EXPECT_EQ(settings->rule_for(AckClass::security)->needed, 2U);
  EXPECT_EQ(settings->rule_for(AckClass::none)->needed, 1U) << "two are wanted, one is in force";
  auto removal = store.transaction();
  ASSERT_TRUE(AcknowledgeSettings::put(removal, AckClass::all, {}));
  store.commit(std::move(removal));
  EXPECT_FALSE(settings->rule_for(AckClass::none));
}

TEST(AckRules, take_effect_once_every_member_has_them) {
  const AckRule wanted{.needed = 1, .of = 1};
  auto row = next_ack_rule(std::nullopt, wanted, 0, true);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->in_force, 0U) << "written, not yet enforced";
  EXPECT_FALSE(next_ack_rule(row, wanted, 0, true)) << "the member that it asks for has still to join";
  EXPECT_FALSE(next_ack_rule(row, wanted, 1, false)) << "and to have the row";
  row = next_ack_rule(row, wanted, 1, true);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->in_force, 1U);
  EXPECT_FALSE(next_ack_rule(row, wanted, 1, false)) << "a member that is away changes nothing";
}

TEST(AckRules, an_earlier_one_holds_until_the_next_is_everywhere) {
  const AckRule both{.needed = 2, .of = 2, .in_force = 2};
  auto row = next_ack_rule(both, {.needed = 1, .of = 2}, 2, true);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->in_force, 2U);
  row = next_ack_rule(row, {.needed = 1, .of = 2}, 2, true);
  EXPECT_EQ(row->in_force, 1U);
  row = next_ack_rule(row, {}, 2, false);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->in_force, 1U) << "not even a removal is at once";
  EXPECT_FALSE(next_ack_rule(row, {}, 2, false));
  row = next_ack_rule(row, {}, 2, true);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->in_force, 0U);
  EXPECT_FALSE(next_ack_rule(std::nullopt, {}, 2, true));
}

TEST(WriterTest, a_region_that_may_not_write_says_who_may) {
  // Outlives the commit thread, which may still be in post() when an answer is here.
  async::IoPool io(1);
  test::TestStore store;
  const auto members = *Members::open(store.core(), peers_self);
  PeerTable peers(*members, store.clock());
  const auto settings = *AcknowledgeSettings::open(store.core());
  RegionState state(peers_self);
  Writer writer(state, store.committer(), peers, *settings);
  state.become_secondary();
  state.primary_heard({.name = peers_second, .public_url = "https://eu.example.com"},
                      {.reign = 1, .incarnation = 1});
  const auto refused = async::block_on(io.next(), writer.commit(store.transaction()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::read_only);
  EXPECT_EQ(refused.error().code, "read_only_region");
  EXPECT_NE(refused.error().message.find("https://eu.example.com"), std::string::npos);
  state.become_primary({.reign = 1, .incarnation = 1}, {.name = peers_self});
  EXPECT_TRUE(async::block_on(io.next(), writer.commit(store.transaction())));
}

TEST_F(PeerTableTest, a_write_that_too_few_members_could_confirm_is_refused_and_not_written) {
  const auto settings = *AcknowledgeSettings::open(store.core());
  auto transaction = store.transaction();
  ASSERT_TRUE(AcknowledgeSettings::put(transaction, AckClass::all,
                                       {.needed = 2, .of = 2, .in_force = 2, .limit = 1ms}));
  store.commit(std::move(transaction));
  RegionState state(peers_self);
  state.become_primary({.reign = 1, .incarnation = 1}, {.name = peers_self});
  Writer writer(state, store.committer(), *peers, *settings);
  const auto commit = [&](AckClass ack_class) {
    auto write = store.transaction();
    write.put(acknowledge_table, "x", storage::Scope::system(), AckRule::version, AckRule{}.encode());
    return async::block_on(io.next(), writer.commit(std::move(write), ack_class));
  };
  peers->heard(peers_second);
  const auto before = store.core().applied();
  const auto refused = commit(AckClass::none);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(refused.error().code, "too_few_regions");
  EXPECT_EQ(store.core().applied(), before) << "certainly not written";
  const auto member = commit(AckClass::membership);
  ASSERT_TRUE(member) << "it is what ends such a state";
  EXPECT_EQ(member->durability, Durability::degraded);
  peers->heard(peers_third);
  EXPECT_EQ(commit(AckClass::none).error().code, "outcome_unknown") << "both live: they may still confirm it";
  store.clock().advance(6s);
  EXPECT_EQ(commit(AckClass::none).error().code, "too_few_regions");
}

TEST(RegionStateTest, traffic_follows_role_and_sync) {
  RegionState state(peers_self);
  EXPECT_FALSE(state.should_get_traffic()) << "never synced";
  state.set_synced(true);
  EXPECT_TRUE(state.should_get_traffic()) << "fenced, waiting for peers: still signs users in";
  EXPECT_FALSE(state.should_get_primary_traffic());
  state.become_fenced(FenceReason::higher_reign);
  EXPECT_FALSE(state.should_get_traffic());
  state.become_secondary();
  EXPECT_TRUE(state.should_get_traffic());
  state.become_primary({.reign = 1, .incarnation = 2}, {.name = peers_self});
  EXPECT_TRUE(state.should_get_primary_traffic());
}

TEST(RegionStateTest, a_primary_is_lost_and_back_and_it_matters_whether_it_stopped) {
  RegionState state(peers_self);
  state.become_secondary();
  int lost = 0;
  std::vector<bool> back;
  const auto on_lost = state.on_primary_lost([&] { ++lost; });
  const auto on_back = state.on_primary_back([&](const bool& same) { back.push_back(same); });
  state.primary_silent({});
  EXPECT_EQ(lost, 0) << "never heard in this process's life";
  state.primary_heard({.name = peers_second}, {.reign = 1, .incarnation = 1});
  state.primary_silent({});
  state.primary_silent({});
  EXPECT_EQ(lost, 1);
  EXPECT_TRUE(state.view().cut_off_since);
  state.primary_heard({.name = peers_second}, {.reign = 1, .incarnation = 1});
  state.primary_silent({});
  state.primary_heard({.name = peers_second}, {.reign = 1, .incarnation = 2});
  EXPECT_EQ(back, (std::vector{false, true, false}));
}

}  // namespace
}  // namespace holdfast::region
