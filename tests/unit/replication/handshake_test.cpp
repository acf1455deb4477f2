#include "handshake.h"

#include <gtest/gtest.h>

#include "peer_beat.h"
#include "samples.h"

namespace holdfast::replication {
namespace {

using region::Role;

/// A cluster of two with real keys: us-east-1 has reigned through `incarnations` terms of ten batches each.
struct Scene {
  crypto::NodeKey primary_key = test::sample_key('p');
  crypto::NodeKey second_key = test::sample_key('s');
  RegionName primary{"us-east-1"};
  RegionName second{"eu-west-1"};
  region::TermChain chain;
  storage::Head head;

  explicit Scene(std::uint32_t incarnations = 3) {
    auto record = region::first_term(test::sample_cluster, primary, primary_key, test::sample_time);
    for (std::uint32_t i = 1;; ++i) {
      chain.append(record);
      head = test::sample_head(i * 10, record.term);
      if (i == incarnations) break;
      record = region::next_incarnation(record, head, test::sample_cluster, primary_key, test::sample_time);
    }
  }

  [[nodiscard]] TermVerifier verifier() const {
    return [this](std::vector<region::TermRecord> records) {
      return region::TermChain::verify(std::move(records), test::sample_cluster,
                                       [this](const region::TermRecord& record) -> std::optional<Bytes> {
                                         if (record.node == primary) return primary_key.public_spki_der();
                                         if (record.node == second) return second_key.public_spki_der();
                                         return std::nullopt;
                                       });
    };
  }

  [[nodiscard]] HostFacts host() const {
    HostFacts facts{.cluster = test::sample_cluster, .self = primary, .family_map_hash = Bytes(32, 'f')};
    facts.role = Role::primary;
    facts.chain = chain;
    facts.durable = head;
    facts.highest_reign = head.term.reign;
    facts.peer = test::sample_member();
    facts.now = test::sample_time;
    return facts;
  }

  [[nodiscard]] Hello hello(const storage::Head& applied) const {
    auto hello = test::sample_hello();
    hello.terms = chain.records();
    hello.applied = applied;
    hello.highest_reign = applied.term.reign;
    return hello;
  }

  [[nodiscard]] Verdict judge(const Hello& hello) const { return judge_hello(host(), hello, verifier()); }
};

RejectCode code_of(const Verdict& verdict) {
  return verdict.welcome.kind == Welcome::Kind::reject ? verdict.welcome.code : RejectCode::none;
}

TEST(Handshake, a_secondary_behind_gets_a_stream_if_the_log_reaches_it) {
  const Scene scene;
  const auto verdict = scene.judge(scene.hello(test::sample_head(15, {.reign = 1, .incarnation = 2})));
  EXPECT_EQ(verdict.welcome.kind, Welcome::Kind::stream);
  EXPECT_TRUE(verdict.ask_log);
  EXPECT_EQ(verdict.welcome.from_index, 16U);
}

TEST(Handshake, each_reason_to_refuse_has_its_code) {
  const Scene scene;
  const auto good = scene.hello(scene.head);
  auto facts = scene.host();
  auto hello = good;
  hello.protocol_low = 2;
  hello.protocol_high = 3;
  EXPECT_EQ(code_of(scene.judge(hello)), RejectCode::protocol);
  hello = good;
  hello.cluster = ClusterId("other");
  EXPECT_EQ(code_of(scene.judge(hello)), RejectCode::cluster);
  hello = good;
  hello.node_id = "another data directory";
  EXPECT_EQ(code_of(scene.judge(hello)), RejectCode::name_mismatch);
  hello = good;
  hello.family_map_hash = Bytes(32, 'x');
  EXPECT_EQ(code_of(scene.judge(hello)), RejectCode::family_map);
  facts.second_session = true;
  EXPECT_EQ(code_of(judge_hello(facts, good, scene.verifier())), RejectCode::second_session);
  facts.peer.reset();
  const auto stranger = judge_hello(facts, good, scene.verifier());
  EXPECT_EQ(code_of(stranger), RejectCode::unknown_peer);
  EXPECT_TRUE(stranger.welcome.terms.empty()) << "a stranger learns nothing";
  EXPECT_TRUE(stranger.welcome.node.empty());
}

TEST(Handshake, forged_altered_and_absurd_terms_are_refused) {
  const Scene scene;
  auto forged = scene.hello(scene.head);
  forged.terms.back().opened_at += std::chrono::seconds(1);
  EXPECT_EQ(code_of(scene.judge(forged)), RejectCode::unverified_term) << "signature";

  auto unlinked = scene.hello(scene.head);
  unlinked.terms.erase(unlinked.terms.begin() + 1);
  EXPECT_EQ(code_of(scene.judge(unlinked)), RejectCode::unverified_term)
      << "a record is missing in the chain";

  auto absurd = scene.hello(scene.head);
  auto record = absurd.terms.back();
  record.previous_term = record.term;
  record.term = {.reign = 0xffffffffU, .incarnation = 1};
  record.sign(test::sample_cluster, scene.primary_key);
  absurd.terms = {record};
  EXPECT_EQ(code_of(scene.judge(absurd)), RejectCode::unverified_term) << "reign 2^32-1, even when signed";

  auto stranger = scene.hello(scene.head);
  auto by_stranger = stranger.terms.back();
  by_stranger.node = RegionName("nobody");
  by_stranger.sign(test::sample_cluster, test::sample_key('x'));
  stranger.terms = {by_stranger};
  EXPECT_EQ(code_of(scene.judge(stranger)), RejectCode::unverified_term) << "no member";
}

TEST(Handshake, a_fork_is_found_by_the_terms) {
  const Scene scene;
  // Further in term 1.2 than 1.2 ever went here: the tail of a former primary.
  auto verdict = scene.judge(scene.hello(test::sample_head(25, {.reign = 1, .incarnation = 2})));
  EXPECT_EQ(verdict.welcome.kind, Welcome::Kind::snapshot);
  EXPECT_EQ(verdict.welcome.snapshot_reason, Welcome::SnapshotReason::forked);
  EXPECT_EQ(verdict.welcome.fork.index, 20U);
  // At the very end of 1.2, but with another batch there.
  auto other = test::sample_head(20, {.reign = 1, .incarnation = 2});
  other.hash[0] = static_cast<char>(other.hash[0] ^ 1);
  verdict = scene.judge(scene.hello(other));
  EXPECT_EQ(verdict.welcome.snapshot_reason, Welcome::SnapshotReason::forked);
  // Beyond our own end in our own term.
  verdict = scene.judge(scene.hello(test::sample_head(31, {.reign = 1, .incarnation = 3})));
  EXPECT_EQ(verdict.welcome.snapshot_reason, Welcome::SnapshotReason::forked);
  // A term that we never had.
  verdict = scene.judge(scene.hello(test::sample_head(12, {.reign = 1, .incarnation = 7})));
  EXPECT_EQ(verdict.welcome.snapshot_reason, Welcome::SnapshotReason::forked);
}

TEST(Handshake, who_is_older_than_every_term_that_fits_into_a_welcome_gets_a_snapshot) {
  const Scene scene;
  auto facts = scene.host();
  const auto& all = scene.chain.records();
  facts.chain = region::TermChain::trusted({all.begin() + 1, all.end()});
  auto hello = scene.hello(test::sample_head(5, {.reign = 1, .incarnation = 1}));
  hello.terms = {all.front()};
  auto verdict = judge_hello(facts, hello, scene.verifier());
  EXPECT_EQ(verdict.welcome.kind, Welcome::Kind::snapshot) << "a stream would be refused, for ever";
  EXPECT_EQ(verdict.welcome.snapshot_reason, Welcome::SnapshotReason::log_gone);
  EXPECT_FALSE(verdict.ask_log);
  facts.role = Role::secondary;
  facts.self = scene.second;
  facts.peer->name = scene.primary;
  hello.node = scene.primary;
  verdict = judge_hello(facts, hello, scene.verifier());
  EXPECT_EQ(verdict.welcome.kind, Welcome::Kind::peer) << "only a primary gives snapshots";
}

TEST(Handshake, an_empty_store_gets_a_snapshot) {
  const Scene scene;
  auto hello = scene.hello({});
  hello.terms.clear();
  const auto verdict = scene.judge(hello);
  EXPECT_EQ(verdict.welcome.kind, Welcome::Kind::snapshot);
  EXPECT_EQ(verdict.welcome.snapshot_reason, Welcome::SnapshotReason::empty);
}

TEST(Handshake, a_primary_of_a_lower_reign_is_told_the_term_that_fences_it) {
  Scene scene;
  auto promoted = region::first_term(test::sample_cluster, scene.second, scene.second_key, test::sample_time);
  promoted.term = {.reign = 2, .incarnation = 1};
  promoted.previous_term = scene.chain.newest()->term;
  promoted.previous_index = scene.head.index;
  promoted.previous_head_hash = Bytes(scene.head.hash.begin(), scene.head.hash.end());
  promoted.previous_record_hash = scene.chain.newest()->record_hash();
  promoted.sign(test::sample_cluster, scene.second_key);
  auto hello = scene.hello(scene.head);
  hello.role = Role::primary;
  auto facts = scene.host();
  facts.chain.append(promoted);
  const auto verdict = judge_hello(facts, hello, scene.verifier());
  EXPECT_EQ(verdict.welcome.kind, Welcome::Kind::fenced);
  EXPECT_EQ(verdict.welcome.terms.back(), promoted);
}

TEST(Handshake, only_a_primary_streams_except_to_the_owner_of_the_term_that_pulls_its_tail) {
  const Scene scene;
  auto facts = scene.host();
  facts.role = Role::secondary;
  facts.self = scene.second;
  auto hello = scene.hello(test::sample_head(25, {.reign = 1, .incarnation = 3}));
  EXPECT_EQ(judge_hello(facts, hello, scene.verifier()).welcome.kind, Welcome::Kind::peer);
  facts.peer->name = scene.primary;
  hello.node = scene.primary;
  EXPECT_EQ(judge_hello(facts, hello, scene.verifier()).welcome.kind, Welcome::Kind::stream);
  hello.wants_stream = false;
  EXPECT_EQ(judge_hello(facts, hello, scene.verifier()).welcome.kind, Welcome::Kind::peer);
}

struct Offer : testing::Test {
  Scene scene;
  GuestFacts facts{.self = scene.second,
                   .peer = scene.primary,
                   .chain = scene.chain,
                   .applied = scene.head,
                   .highest_reign = 1};
  Welcome welcome = [this] {
    auto made = test::sample_welcome(Welcome::Kind::stream);
    made.terms = scene.chain.records();
    made.from_index = scene.head.index + 1;
    return made;
  }();
  [[nodiscard]] bool taken() const { return check_welcome(facts, welcome, scene.verifier()).has_value(); }
};

TEST_F(Offer, a_good_one_is_taken) { EXPECT_TRUE(taken()); }

TEST_F(Offer, below_a_promised_reign_nothing_is_followed) {
  facts.highest_reign = 2;
  EXPECT_FALSE(taken());
}

TEST_F(Offer, a_chain_without_our_own_newest_term_is_another_history) {
  const Scene other(3);
  facts.chain = other.chain;  // the same names, another nonce and other signatures
  EXPECT_FALSE(taken());
}

TEST_F(Offer, a_stream_begins_where_the_store_ends) {
  ++welcome.from_index;
  EXPECT_FALSE(taken());
}

TEST_F(Offer, only_the_owner_of_the_newest_term_gives_history) {
  facts.peer = RegionName("ap-south-1");
  welcome.node = facts.peer;
  EXPECT_FALSE(taken());
}

TEST_F(Offer, no_term_no_stream) {
  welcome.terms.clear();
  EXPECT_FALSE(taken());
}

TEST(ProvenPrimary, is_who_owns_the_newest_term_by_verified_records) {
  const auto key = test::sample_key();
  const RegionName owner("us-east-1");
  region::TermChain older;
  older.append(region::first_term(test::sample_cluster, owner, key, test::sample_time));
  auto newer = older;
  newer.append(region::next_incarnation(*older.newest(),
                                        storage::Head{.term = older.newest()->term, .index = 3},
                                        test::sample_cluster, key, test::sample_time));
  Beat beat{.role = Role::primary, .term = older.newest()->term};
  EXPECT_TRUE(is_proven_primary(owner, older, older, beat));
  EXPECT_TRUE(is_proven_primary(owner, older, {}, beat)) << "a newcomer knows no term of its own";
  EXPECT_FALSE(is_proven_primary(RegionName("evil-1"), older, older, beat))
      << "saying so makes nobody primary";
  EXPECT_FALSE(is_proven_primary(owner, {}, older, beat)) << "no records";
  EXPECT_FALSE(is_proven_primary(owner, older, newer, beat)) << "a newer term is known here";
  beat.term.reign = 99;
  EXPECT_FALSE(is_proven_primary(owner, older, older, beat)) << "a term that no record shows";
  beat.role = Role::secondary;
  EXPECT_FALSE(is_proven_primary(owner, older, older, beat));
}

}  // namespace
}  // namespace holdfast::replication
