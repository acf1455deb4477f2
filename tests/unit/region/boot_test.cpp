#include "holdfast/region/boot.h"

#include <gtest/gtest.h>

#include <limits>

namespace holdfast::region {
namespace {

const RegionName boot_self{"us-east-1"};
const RegionName boot_second{"eu-west-1"};
const RegionName boot_third{"ap-south-1"};

storage::Head head_at(std::uint64_t index, storage::Term term = {.reign = 2, .incarnation = 3}) {
  return {.term = term, .index = index};
}

TermRecord record_of(const RegionName& node, std::uint32_t reign, const char* nonce = "nnnnnnnnnnnnnnnn") {
  TermRecord record;
  record.term = {.reign = reign, .incarnation = 3};
  record.nonce = nonce;
  record.node = node;
  return record;
}

/// A former primary of reign 2 with two other members, at batch 100.
BootFacts former_primary() {
  return {.self = boot_self,
          .own = head_at(100),
          .newest = record_of(boot_self, 2),
          .highest_reign = 2,
          .others = {boot_second, boot_third}};
}

PeerAnswer answer_of(const RegionName& name, std::uint64_t index = 100, std::uint32_t reign = 2) {
  return {.name = name,
          .role = Role::secondary,
          .highest_reign = reign,
          .applied = head_at(index),
          .newest = record_of(boot_self, 2)};
}

TEST(Boot, a_region_that_was_never_primary_follows) {
  BootFacts facts{.self = boot_self, .others = {boot_second}};
  EXPECT_EQ(decide_boot(facts).step, BootStep::follow) << "an empty store";
  facts.newest = record_of(boot_second, 2);
  EXPECT_EQ(decide_boot(facts).step, BootStep::follow);
}

TEST(Boot, a_sole_member_does_not_wait) {
  auto facts = former_primary();
  facts.others.clear();
  EXPECT_EQ(decide_boot(facts).step, BootStep::open_term);
}

TEST(Boot, a_former_primary_waits_for_every_other_member) {
  auto facts = former_primary();
  auto decision = decide_boot(facts);
  EXPECT_EQ(decision.step, BootStep::wait);
  EXPECT_EQ(decision.reason, FenceReason::waiting_for_peers);
  EXPECT_EQ(decision.waiting_for, (std::vector{boot_second, boot_third}));
  facts.answers[boot_second] = answer_of(boot_second);
  decision = decide_boot(facts);
  EXPECT_EQ(decision.step, BootStep::wait);
  EXPECT_EQ(decision.waiting_for, std::vector{boot_third});
  facts.answers[boot_third] = answer_of(boot_third, 90);
  EXPECT_EQ(decide_boot(facts).step, BootStep::open_term);
}

TEST(Boot, a_verified_higher_reign_is_followed_whatever_else_is_said) {
  auto facts = former_primary();
  facts.answers[boot_second] = answer_of(boot_second, 100, 3);
  facts.answers[boot_second].newest = record_of(boot_second, 3);
  facts.policy = {.require_peers = false, .force_primary = true};
  const auto decision = decide_boot(facts);
  EXPECT_EQ(decision.step, BootStep::follow);
  EXPECT_EQ(decision.reason, FenceReason::higher_reign);
}

TEST(Boot, a_reign_that_was_only_promised_opens_nothing_here_either) {
  auto facts = former_primary();
  facts.answers[boot_second] = answer_of(boot_second, 100, 3);
  facts.answers[boot_third] = answer_of(boot_third);
  EXPECT_EQ(decide_boot(facts).step, BootStep::wait);
  // Said without a record: whoever says it keeps us from writing, never from signing users in.
  EXPECT_EQ(decide_boot(facts).reason, FenceReason::waiting_for_peers);
  EXPECT_EQ(decide_boot(facts).waiting_for, std::vector{boot_second});
  facts.answers[boot_second].highest_reign = std::numeric_limits<std::uint32_t>::max();
  EXPECT_EQ(decide_boot(facts).reason, FenceReason::waiting_for_peers);
  auto promised_here = former_primary();
  promised_here.highest_reign = 3;
  promised_here.answers[boot_second] = answer_of(boot_second);
  promised_here.answers[boot_third] = answer_of(boot_third);
  EXPECT_EQ(decide_boot(promised_here).step, BootStep::stay);
}

TEST(Boot, of_one_reign_opened_twice_the_lower_nonce_is_fenced) {
  auto facts = former_primary();
  facts.answers[boot_second] = answer_of(boot_second);
  facts.answers[boot_second].newest = record_of(boot_second, 2, "zzzzzzzzzzzzzzzz");
  EXPECT_EQ(decide_boot(facts).reason, FenceReason::higher_reign);
  facts.answers[boot_second].newest = record_of(boot_second, 2, "aaaaaaaaaaaaaaaa");
  facts.answers[boot_third] = answer_of(boot_third);
  EXPECT_EQ(decide_boot(facts).step, BootStep::open_term);
}

TEST(Boot, a_peer_further_in_our_own_last_term_gives_the_tail_back_first) {
  auto facts = former_primary();
  facts.answers[boot_second] = answer_of(boot_second, 105);
  facts.answers[boot_third] = answer_of(boot_third, 110);
  auto decision = decide_boot(facts);
  EXPECT_EQ(decision.step, BootStep::pull_tail);
  EXPECT_EQ(decision.pull_from, boot_third);
  EXPECT_EQ(decision.pull_up_to, 110U);
  EXPECT_EQ(decision.reason, FenceReason::peer_is_further);
  facts.policy.require_peers = false;
  EXPECT_EQ(decide_boot(facts).step, BootStep::pull_tail) << "nobody's configuration forks history";
  facts.own = head_at(110);
  EXPECT_EQ(decide_boot(facts).step, BootStep::open_term);
}

TEST(Boot, a_term_of_our_own_that_only_a_peer_knows_opens_nothing_here) {
  auto facts = former_primary();
  facts.answers[boot_third] = answer_of(boot_third);
  auto& second = facts.answers[boot_second] = answer_of(boot_second, 100);
  second.newest->term.incarnation = 4;
  EXPECT_EQ(decide_boot(facts).step, BootStep::stay) << "another copy of this region wrote it";
  EXPECT_EQ(decide_boot(facts).reason, FenceReason::peer_is_further);
  second.applied.index = 101;
  EXPECT_EQ(decide_boot(facts).step, BootStep::pull_tail);
  second = answer_of(boot_second);
  second.newest->previous_index = 7;
  EXPECT_EQ(decide_boot(facts).step, BootStep::stay) << "the same term, opened twice";
  facts.policy.force_primary = true;
  EXPECT_EQ(decide_boot(facts).step, BootStep::open_term);
}

TEST(Boot, a_store_below_its_watermark_opens_no_term) {
  auto facts = former_primary();
  facts.short_of = 120;
  EXPECT_EQ(decide_boot(facts).step, BootStep::wait);
  facts.answers[boot_second] = answer_of(boot_second);
  facts.answers[boot_third] = answer_of(boot_third);
  EXPECT_EQ(decide_boot(facts).step, BootStep::stay) << "nobody holds the tail: an operator decides";
  EXPECT_EQ(decide_boot(facts).reason, FenceReason::recovered_short);
  facts.others.clear();
  facts.answers.clear();
  EXPECT_EQ(decide_boot(facts).step, BootStep::stay) << "also a sole member";
  facts.policy.force_primary = true;
  EXPECT_EQ(decide_boot(facts).step, BootStep::open_term);
  facts.policy.force_primary = false;
  facts.own = head_at(120);
  EXPECT_EQ(decide_boot(facts).step, BootStep::open_term) << "pulled";
}

TEST(Boot, the_two_ways_around_waiting) {
  auto facts = former_primary();
  facts.policy.require_peers = false;
  EXPECT_EQ(decide_boot(facts).step, BootStep::open_term);
  facts.policy = {.require_peers = true, .force_primary = true};
  EXPECT_EQ(decide_boot(facts).step, BootStep::open_term);
}

TEST(Boot, an_operators_fence_stays_until_it_is_lifted) {
  auto facts = former_primary();
  facts.others.clear();
  facts.fenced_by_operator = true;
  EXPECT_EQ(decide_boot(facts).step, BootStep::stay);
  facts.policy = {.require_peers = false, .force_primary = true};
  EXPECT_EQ(decide_boot(facts).step, BootStep::stay) << "no option of a start lifts it";
}

TEST(Boot, what_a_silent_member_said_still_forbids_and_permits_nothing) {
  auto facts = former_primary();
  facts.answers[boot_second] = answer_of(boot_second);
  facts.answers[boot_second].stale = true;
  facts.answers[boot_third] = answer_of(boot_third);
  EXPECT_EQ(decide_boot(facts).step, BootStep::wait);
  EXPECT_EQ(decide_boot(facts).waiting_for, std::vector{boot_second});
  facts.policy.require_peers = false;
  EXPECT_EQ(decide_boot(facts).step, BootStep::open_term);
  facts.answers[boot_second].applied = head_at(105);
  EXPECT_EQ(decide_boot(facts).step, BootStep::pull_tail);
  facts.answers[boot_second].highest_reign = 3;
  EXPECT_TRUE(decide_boot(facts).higher_reign_claimed);
}

TEST(Boot, who_may_not_promote_opens_nothing) {
  auto facts = former_primary();
  facts.others.clear();
  facts.may_promote = false;
  EXPECT_EQ(decide_boot(facts).step, BootStep::stay);
}

}  // namespace
}  // namespace holdfast::region
