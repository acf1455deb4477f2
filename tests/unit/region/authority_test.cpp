#include "holdfast/region/authority.h"

#include <gtest/gtest.h>

#include <future>
#include <map>

#include "domain_fixture.h"
#include "holdfast/region/terms.h"
#include "storage/file_size_limit.h"

// What the boot rules decide is carried out, also when things happen in an unlucky order.
namespace holdfast::region {
namespace {

using namespace std::chrono_literals;

const RegionName authority_self{"us-east-1"};
const RegionName authority_second{"eu-west-1"};
const RegionName authority_third{"ap-south-1"};

/// The former primary of reign 1 with two other members. The clock is the test's.
class AuthorityTest : public testing::Test {
 protected:
  AuthorityTest() {
    region_.become_secondary();
    auto transaction = region_.core().transaction();
    for (const auto& [name, key] : keys_) {
      must(Members::put(transaction,
                        {.name = name, .node_id = name.str(), .node_spki = key.public_spki_der()}));
    }
    must(put_term(transaction, first_));
    region_.store().commit(std::move(transaction));
    region_.store().committer().fence();
  }

  void open(BootPolicy policy = {}) {
    authority_ = must(Authority::open({.core = region_.core(),
                                       .local = region_.local(),
                                       .committer = region_.store().committer(),
                                       .members = region_.members(),
                                       .state = region_.state(),
                                       .clock = region_.clock(),
                                       .key = keys_.at(authority_self),
                                       .cluster = cluster()},
                                      {.policy = policy, .recovered_short_of = {}}));
    must(authority_->start());
  }
  [[nodiscard]] PeerAnswer answer_of(const RegionName& name) const {
    return {.name = name,
            .role = Role::secondary,
            .highest_reign = 1,
            .applied = region_.core().applied(),
            .newest = first_};
  }
  void hear(const RegionName& name) { must(authority_->answered(answer_of(name))); }
  /// As after one failed fsync: nothing is written to it any more, reading goes on.
  void lose_local_db() {
    const test::FileSizeLimit none(0);
    EXPECT_FALSE(region_.local().put(storage::local_tables::counters, "k", "v"));
  }
  [[nodiscard]] bool is_primary() const { return region_.state().role() == Role::primary; }

  void remove(const RegionName& name) {
    auto row = *region_.members().find(name);
    row.state = MemberState::removed;
    auto transaction = region_.core().transaction();
    must(Members::put(transaction, row));
    must(region_.store().committer().begin(region_.core().applied().term));
    region_.store().commit(std::move(transaction));
    region_.store().committer().fence();
  }
  /// The second region is promoted where the first term ends.
  [[nodiscard]] TermRecord promoted() const {
    auto record =
        next_incarnation(first_, region_core_applied(), cluster(), keys_.at(authority_second), WallTime{});
    record.term = {.reign = 2, .incarnation = 1};
    record.nonce = Bytes(16, 'q');
    record.node = authority_second;
    record.sign(cluster(), keys_.at(authority_second));
    return record;
  }
  [[nodiscard]] storage::Head region_core_applied() const { return {.term = first_.term, .index = 1}; }
  [[nodiscard]] static ClusterId cluster() { return ClusterId("00112233445566778899aabbccddeeff"); }
  template <class T>
  static T must(Result<T> result) {
    return test::TestRegion::must(std::move(result));
  }

  mutable test::TestRegion region_;
  std::map<RegionName, crypto::NodeKey> keys_{{authority_self, must(crypto::NodeKey::generate())},
                                              {authority_second, must(crypto::NodeKey::generate())},
                                              {authority_third, must(crypto::NodeKey::generate())}};
  TermRecord first_ = first_term(cluster(), authority_self, keys_.at(authority_self), WallTime{});
  std::unique_ptr<Authority> authority_;
};

TEST_F(AuthorityTest, opens_a_term_once_every_member_has_answered) {
  open();
  hear(authority_second);
  EXPECT_FALSE(is_primary());
  hear(authority_third);
  EXPECT_TRUE(is_primary());
}

TEST_F(AuthorityTest, an_answer_of_a_member_that_is_silent_since_opens_nothing) {
  open();
  hear(authority_second);
  region_.clock().advance(6s);
  hear(authority_third);
  EXPECT_FALSE(is_primary()) << "the second may have promised another reign meanwhile";
  EXPECT_EQ(authority_->last_decision().waiting_for, std::vector{authority_second});
  hear(authority_second);
  EXPECT_TRUE(is_primary());
}

TEST_F(AuthorityTest, a_start_that_was_forced_breaks_no_fence_that_comes_later) {
  open({.require_peers = true, .force_primary = true});
  ASSERT_TRUE(is_primary());
  must(authority_->fence(FenceReason::by_operator));
  hear(authority_second);
  EXPECT_FALSE(is_primary());
  must(authority_->unfence());
  EXPECT_FALSE(is_primary()) << "it was forced once: now everybody is asked";
  hear(authority_second);
  hear(authority_third);
  EXPECT_TRUE(is_primary());
}

TEST_F(AuthorityTest, an_operators_fence_outlives_a_restart_that_forces) {
  open();
  must(authority_->fence(FenceReason::by_operator));
  open({.require_peers = false, .force_primary = true});
  EXPECT_FALSE(is_primary());
  EXPECT_EQ(region_.state().view().fence_reason, FenceReason::by_operator);
}

TEST_F(AuthorityTest, a_secondary_tells_of_a_higher_reign_once) {
  must(region_.store().committer().begin(first_.term));
  auto transaction = region_.core().transaction();
  must(put_term(transaction, promoted()));
  region_.store().commit(std::move(transaction));
  open();
  ASSERT_EQ(region_.state().role(), Role::secondary);
  auto third = promoted();
  third.term = {.reign = 3, .incarnation = 1};
  int told = 0;
  const auto subscription = authority_->on_change([&] { ++told; });
  for (int beat = 0; beat < 2; ++beat)
    must(authority_->answered({.name = authority_third, .highest_reign = 3, .newest = third}));
  EXPECT_EQ(told, 1) << "sessions with whoever reigns below it end";
  EXPECT_EQ(authority_->highest_reign(), 3U);
}

TEST_F(AuthorityTest, a_higher_reign_fences_a_primary) {
  open({.require_peers = false});
  ASSERT_TRUE(is_primary());
  must(authority_->answered({.name = authority_third, .highest_reign = 2, .newest = promoted()}));
  EXPECT_EQ(region_.state().role(), Role::fenced);
  EXPECT_EQ(region_.state().view().fence_reason, FenceReason::higher_reign);
  EXPECT_EQ(authority_->highest_reign(), 2U);
}

TEST_F(AuthorityTest, a_higher_reign_fences_a_primary_whose_local_db_has_failed) {
  open({.require_peers = false});
  ASSERT_TRUE(is_primary());
  lose_local_db();
  int told = 0;
  const auto subscription = authority_->on_change([&] { ++told; });
  EXPECT_FALSE(authority_->answered({.name = authority_third, .highest_reign = 2, .newest = promoted()}))
      << "it could not be put down";
  EXPECT_EQ(region_.state().role(), Role::fenced);
  EXPECT_EQ(region_.state().view().fence_reason, FenceReason::higher_reign);
  EXPECT_FALSE(region_.store().committer().open()) << "two writable regions";
  EXPECT_GT(told, 0) << "its sessions end";
}

TEST_F(AuthorityTest, a_local_db_that_fails_costs_no_incarnation_with_every_answer) {
  open();
  lose_local_db();
  const auto before = region_.core().applied();
  for (int beat = 0; beat < 3; ++beat) {
    (void)authority_->answered(answer_of(authority_second));
    (void)authority_->answered(answer_of(authority_third));
  }
  EXPECT_FALSE(is_primary());
  EXPECT_FALSE(region_.store().committer().open());
  EXPECT_EQ(region_.core().applied(), before);
}

TEST_F(AuthorityTest, of_two_that_unfence_it_at_once_one_opens_a_term) {
  open({.require_peers = false});
  must(authority_->fence(FenceReason::by_operator));
  must(authority_->unfence());
  ASSERT_TRUE(is_primary());
  const auto opened = region_.core().applied();
  const auto second = authority_->unfence();
  ASSERT_FALSE(second) << "its request was on its way when the first one was answered";
  EXPECT_EQ(second.error().code, "state_unchanged");
  EXPECT_EQ(region_.core().applied(), opened);
  EXPECT_TRUE(region_.store().committer().open());
}

TEST_F(AuthorityTest, an_answer_that_could_not_be_kept_in_whole_opens_nothing) {
  open();
  hear(authority_second);
  auto half = answer_of(authority_third);
  half.stale = true;
  must(authority_->answered(half));
  EXPECT_FALSE(is_primary());
  EXPECT_EQ(authority_->last_decision().waiting_for, std::vector{authority_third});
  hear(authority_third);
  EXPECT_TRUE(is_primary());
}

TEST_F(AuthorityTest, a_primary_whose_reign_went_on_elsewhere_is_fenced) {
  open();
  hear(authority_second);
  hear(authority_third);
  ASSERT_TRUE(is_primary());
  const auto own = *authority_->chain().newest();
  const auto by_a_copy =
      next_incarnation(own, region_.core().applied(), cluster(), keys_.at(authority_self), WallTime{});
  must(authority_->answered({.name = authority_second, .highest_reign = 1, .newest = by_a_copy}));
  EXPECT_FALSE(is_primary()) << "two copies of one region write in one reign";
  EXPECT_EQ(region_.state().view().fence_reason, FenceReason::peer_is_further);
  must(authority_->answered({.name = authority_third, .highest_reign = 1, .newest = first_}));
  EXPECT_FALSE(is_primary());
}

TEST_F(AuthorityTest, no_term_begins_while_a_peers_batches_are_written) {
  open();
  hear(authority_second);
  auto lock = must(authority_->lock_for_intake());
  auto last = std::async(std::launch::async, [this] { hear(authority_third); });
  EXPECT_EQ(last.wait_for(50ms), std::future_status::timeout);
  EXPECT_FALSE(region_.store().committer().open());
  lock.unlock();
  last.get();
  EXPECT_TRUE(is_primary());
  EXPECT_EQ(authority_->lock_for_intake().error().code, "store_is_written_here");
}

TEST_F(AuthorityTest, what_a_removed_member_signed_verifies_only_where_others_vouch_for_it) {
  open();
  const auto by_second = promoted();
  EXPECT_TRUE(authority_->verify({first_, by_second}));
  remove(authority_second);
  EXPECT_FALSE(authority_->verify({first_, by_second})) << "it was shut out: it fences nobody any more";
  auto by_third = by_second;
  by_third.previous_term = by_second.term;
  by_third.previous_record_hash = by_second.record_hash();
  by_third.term = {.reign = 3, .incarnation = 1};
  by_third.node = authority_third;
  by_third.sign(cluster(), keys_.at(authority_third));
  EXPECT_TRUE(authority_->verify({first_, by_second, by_third})) << "who came after it vouches for it";
  remove(authority_third);
  EXPECT_TRUE(authority_->verify({first_})) << "our own history stays what it is";
}

}  // namespace
}  // namespace holdfast::region
