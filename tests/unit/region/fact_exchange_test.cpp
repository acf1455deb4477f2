#include "holdfast/region/fact_exchange.h"

#include <gtest/gtest.h>

#include <set>

#include "holdfast/async/block_on.h"
#include "holdfast/async/io_pool.h"
#include "holdfast/crypto/key_wrap.h"
#include "holdfast/region/acknowledge.h"
#include "holdfast/region/peer_table.h"
#include "holdfast/region/writer.h"
#include "test_store.h"

namespace holdfast::region {
namespace {

const RegionName facts_self{"eu-west-1"};
const RegionName facts_second{"us-east-1"};
constexpr storage::Table effects{storage::Family::apps, 0x03f2, "test_effects"};

const crypto::RsaRegionKey& shared_region_key() {
  static const auto key = *crypto::RsaRegionKey::generate();
  return key;
}

class FactExchangeTest : public testing::Test {
 protected:
  FactExchangeTest() { open(); }

  void open() {
    exchange.reset();
    local.reset();
    const auto path = store.directory() / "local.db";
    const bool exists = std::filesystem::exists(path);
    local = *storage::LocalDb::open({.path = path, .create = !exists}, shared_region_key());
    exchange = *FactExchange::open(*local, store.core(), facts_self, store.clock());
    exchange->register_fact("seen", [this](const Fact& fact, storage::Transaction& transaction) -> Result<> {
      ++effects_added;
      transaction.put(effects, fact.payload, storage::Scope::system(), 1, "1");
      return {};
    });
    exchange->register_override(
        "state",
        {.compare = [](BytesView a, BytesView b) { return a <=> b; },
         .settled = [this](const Override& value) { return value.value <= settled; },
         .acceptable = [](const Override& value) { return value.value != "forbidden"; },
         .adopt = [this](const Override&, const RegionName& from, storage::Transaction&) -> Result<> {
           adopted_from.push_back(from);
           return {};
         },
         .changed = [this](const std::string& key) { changed.push_back(key); }});
  }

  // Outlives the commit thread, which may still be in post() when an answer is here.
  async::IoPool io{1};
  test::TestStore store;
  std::unique_ptr<storage::LocalDb> local;
  std::unique_ptr<FactExchange> exchange;
  Bytes settled;
  std::vector<std::string> changed;
  std::vector<RegionName> adopted_from;
  int effects_added = 0;
};

TEST_F(FactExchangeTest, a_fact_stays_in_the_outbox_through_a_restart_until_it_is_done) {
  ASSERT_TRUE(exchange->record("seen", "a"));
  ASSERT_TRUE(exchange->record("seen", "b"));
  open();
  const auto facts = exchange->outbox({}, 10);
  ASSERT_EQ(facts.size(), 2U);
  EXPECT_NE(facts[0].id, facts[1].id);
  ASSERT_TRUE(exchange->delivered({facts[0].id}));
  ASSERT_EQ(exchange->outbox({}, 10).size(), 1U);
  EXPECT_EQ(exchange->outbox({}, 10).front(), facts[1]);
}

TEST_F(FactExchangeTest, facts_behind_those_that_wait_are_sent_too) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(exchange->record("seen", std::to_string(i)));
  const auto first = exchange->outbox({}, 3);
  ASSERT_EQ(first.size(), 3U);
  const auto rest = exchange->outbox(first.back().id, 3);
  ASSERT_EQ(rest.size(), 2U);
  std::set<Bytes> payloads;
  for (const auto& facts : {first, rest}) {
    for (const auto& fact : facts) payloads.insert(fact.payload);
  }
  EXPECT_EQ(payloads.size(), 5U);
}

TEST_F(FactExchangeTest, a_fact_delivered_twice_has_one_effect) {
  const auto members = *Members::open(store.core(), facts_second);
  PeerTable peers(*members, store.clock());
  const auto settings = *AcknowledgeSettings::open(store.core());
  RegionState state(facts_second);
  state.become_primary({.reign = 1, .incarnation = 1}, {.name = facts_second});
  Writer writer(state, store.committer(), peers, *settings);
  ASSERT_TRUE(exchange->record("seen", "x"));
  const auto facts = exchange->outbox({}, 10);
  for (int round = 0; round < 2; ++round) {
    const auto done = async::block_on(io.next(), exchange->deliver(facts, writer, peers));
    ASSERT_TRUE(done) << done.error().describe();
    EXPECT_EQ(*done, std::vector{facts[0].id}) << "a sole member: durable everywhere at once";
  }
  const auto head = store.core().applied();
  open();  // an earlier life's mark is found in the store
  const auto again = async::block_on(io.next(), exchange->deliver(facts, writer, peers));
  ASSERT_TRUE(again);
  EXPECT_EQ(store.core().applied(), head) << "nothing was written";
  auto unknown = facts;
  unknown[0].name = "of a newer build";
  EXPECT_TRUE(async::block_on(io.next(), exchange->deliver(unknown, writer, peers))->empty());
}

TEST_F(FactExchangeTest, the_greater_override_wins_whoever_said_it_and_survives_a_restart) {
  ASSERT_TRUE(exchange->set_override({.kind = "state", .key = "photos", .value = "2"}));
  ASSERT_TRUE(exchange->set_override({.kind = "state", .key = "photos", .value = "1"}));
  EXPECT_EQ(exchange->find_override("state", "photos")->value, "2");
  ASSERT_TRUE(exchange->heard_overrides(facts_second, {{.kind = "state", .key = "photos", .value = "3"},
                                                       {.kind = "unknown", .key = "k", .value = "v"}}));
  EXPECT_EQ(exchange->find_override("state", "photos")->value, "3");
  EXPECT_EQ(changed, (std::vector<std::string>{"photos", "photos"}));
  open();
  EXPECT_EQ(exchange->overrides("state").size(), 1U);
  EXPECT_EQ(exchange->find_override("state", "photos")->value, "3");
  EXPECT_TRUE(exchange->overrides("unknown").empty());
}

TEST_F(FactExchangeTest, what_a_peer_could_not_have_set_is_not_kept) {
  ASSERT_TRUE(
      exchange->heard_overrides(facts_second, {{.kind = "state", .key = "photos", .value = "forbidden"}}));
  EXPECT_FALSE(exchange->find_override("state", "photos"));
  EXPECT_TRUE(exchange->confirmed_by({.kind = "state", .key = "photos", .value = "forbidden"}).empty());
}

TEST_F(FactExchangeTest, an_override_is_adopted_as_its_senders_also_after_a_restart) {
  ASSERT_TRUE(exchange->heard_overrides(
      facts_second, {{.kind = "state", .key = "theirs", .value = "3", .from = facts_self}}));
  ASSERT_TRUE(exchange->set_override({.kind = "state", .key = "ours", .value = "3"}));
  open();
  const auto members = *Members::open(store.core(), facts_self);
  PeerTable peers(*members, store.clock());
  RegionState state(facts_self);
  state.become_primary({.reign = 1, .incarnation = 1}, {.name = facts_self});
  const auto settings = *AcknowledgeSettings::open(store.core());
  Writer writer(state, store.committer(), peers, *settings);
  (void)async::block_on(io.next(), exchange->adopt_overrides(writer));
  EXPECT_EQ(adopted_from, (std::vector{facts_self, facts_second}));
}

TEST_F(FactExchangeTest, confirmed_by_says_who_holds_at_least_that) {
  const Override value{.kind = "state", .key = "photos", .value = "2"};
  ASSERT_TRUE(exchange->set_override(value));
  EXPECT_EQ(exchange->confirmed_by(value), std::vector{facts_self});
  ASSERT_TRUE(exchange->heard_overrides(facts_second, {value}));
  EXPECT_EQ(exchange->confirmed_by(value), (std::vector{facts_self, facts_second}));
  ASSERT_TRUE(exchange->heard_overrides(facts_second, {}));
  EXPECT_EQ(exchange->confirmed_by(value), std::vector{facts_self}) << "its last beat counts";
}

TEST_F(FactExchangeTest, a_settled_override_is_dropped_and_not_taken_again) {
  ASSERT_TRUE(exchange->set_override({.kind = "state", .key = "photos", .value = "2"}));
  settled = "2";
  ASSERT_TRUE(exchange->drop_settled("state"));
  EXPECT_FALSE(exchange->find_override("state", "photos"));
  ASSERT_TRUE(exchange->heard_overrides(facts_second, {{.kind = "state", .key = "photos", .value = "2"}}));
  EXPECT_FALSE(exchange->find_override("state", "photos"));
  ASSERT_TRUE(exchange->heard_overrides(facts_second, {{.kind = "state", .key = "photos", .value = "3"}}));
  EXPECT_TRUE(exchange->find_override("state", "photos"));
}

}  // namespace
}  // namespace holdfast::region
