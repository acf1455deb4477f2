#include "holdfast/api/region_metrics.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace holdfast::api {
namespace {

using namespace std::chrono_literals;

SteadyTime at(std::chrono::nanoseconds since) { return SteadyTime(since); }

region::PeerStatus follower(std::uint64_t index) {
  region::PeerStatus status{.name = RegionName("eu-west-1")};
  status.durable = storage::Position{.term = {1, 1}, .index = index};
  status.connected = true;
  status.heard_at = at(95s);
  status.lag = 20ms;
  status.lag_bytes = 700;
  return status;
}

RegionReading reading_of(region::Role role) {
  RegionReading reading{.version = "9.9"};
  reading.view.self = RegionName("us-east-1");
  reading.view.role = role;
  reading.view.fence_reason =
      role == region::Role::fenced ? region::FenceReason::waiting_for_peers : region::FenceReason::none;
  reading.view.term = {3, 7};
  reading.durable.index = 50;
  reading.now = at(100s);
  reading.members = {follower(48)};
  return reading;
}

/// The value of the sample whose labels are exactly these; -1 when it is not there.
double value_of(const RegionReading& reading, std::string_view name, const metrics::Labels& labels = {}) {
  const auto families = region_families(reading);
  const auto family = std::ranges::find(families, name, &ops::Family::name);
  if (family == families.end()) return -1;
  const auto sample = std::ranges::find(family->samples, labels, &ops::Family::Sample::labels);
  return sample == family->samples.end() ? -1 : sample->value;
}

const metrics::Labels eu = {{"member", "eu-west-1"}};

TEST(MemberLag, IsNothingWhereNothingIsKnown) {
  const storage::Head durable{.index = 50};
  const auto lag = lag_of({.name = RegionName("eu-west-1")}, durable, at(100s));
  EXPECT_FALSE(lag.seconds || lag.bytes || lag.batches);
}

TEST(MemberLag, OfAConnectedMemberIsTheMeters) {
  const auto lag = lag_of(follower(48), {.index = 50}, at(100s));
  EXPECT_DOUBLE_EQ(lag.seconds.value(), 0.02);
  EXPECT_EQ(lag.bytes, 700U);
  EXPECT_EQ(lag.batches, 2U);
  const auto none = lag_of(follower(50), {.index = 50}, at(100s));
  EXPECT_EQ(none.seconds, 0.0);
  EXPECT_EQ(none.bytes, 0U);
}

TEST(MemberLag, GrowsWhileTheMemberIsAway) {
  auto away = follower(48);
  away.connected = false;
  const auto lag = lag_of(away, {.index = 50}, at(100s));
  EXPECT_DOUBLE_EQ(lag.seconds.value(), 5.02);
  EXPECT_FALSE(lag.bytes) << "nobody counts them now";
  EXPECT_EQ(lag.batches, 2U);
  away.durable->index = 50;
  EXPECT_EQ(lag_of(away, {.index = 50}, at(100s)).seconds, 0.0) << "nothing was written since";
  away.durable->index = 48;
  away.heard_at.reset();
  EXPECT_FALSE(lag_of(away, {.index = 50}, at(100s)).seconds);
}

TEST(RegionMetrics, RoleAndSlotAreOneHot) {
  const auto primary = reading_of(region::Role::primary);
  EXPECT_EQ(value_of(primary, "holdfast_region_role", {{"role", "primary"}}), 1);
  EXPECT_EQ(value_of(primary, "holdfast_region_role", {{"role", "secondary"}}), 0);
  EXPECT_EQ(value_of(primary, "holdfast_region_role", {{"role", "fenced"}}), 0);
  EXPECT_EQ(value_of(primary, "holdfast_member_slot", {{"member", "eu-west-1"}, {"state", "reserved"}}), 1);
  EXPECT_EQ(value_of(primary, "holdfast_member_slot", {{"member", "eu-west-1"}, {"state", "lost"}}), 0);
  EXPECT_EQ(value_of(primary, "holdfast_region_fenced", {{"reason", "waiting_for_peers"}}), -1);
}

TEST(RegionMetrics, ThePrimaryShowsItsFollowers) {
  const auto primary = reading_of(region::Role::primary);
  EXPECT_EQ(value_of(primary, "holdfast_durable_index"), 50);
  EXPECT_EQ(value_of(primary, "holdfast_member_durable_index", eu), 48);
  EXPECT_DOUBLE_EQ(value_of(primary, "holdfast_member_lag_seconds", eu), 0.02);
  EXPECT_EQ(value_of(primary, "holdfast_member_lag_bytes", eu), 700);
  EXPECT_EQ(value_of(primary, "holdfast_member_connected", eu), 1);
  EXPECT_EQ(value_of(primary, "holdfast_member_heard_seconds", eu), 5);
  EXPECT_EQ(value_of(primary, "holdfast_member_diverged", eu), 0);
  const auto secondary = reading_of(region::Role::secondary);
  EXPECT_EQ(value_of(secondary, "holdfast_member_lag_seconds", eu), -1) << "only the primary knows";
  EXPECT_EQ(value_of(secondary, "holdfast_member_heard_seconds", eu), 5);
}

TEST(RegionMetrics, AFencedRegionSaysWhyAndForWhom) {
  auto fenced = reading_of(region::Role::fenced);
  fenced.waiting_for = {RegionName("eu-west-1")};
  fenced.view.cut_off_since = at(40s);
  EXPECT_EQ(value_of(fenced, "holdfast_region_fenced", {{"reason", "waiting_for_peers"}}), 1);
  EXPECT_EQ(value_of(fenced, "holdfast_region_waiting_for", eu), 1);
  EXPECT_EQ(value_of(fenced, "holdfast_primary_silent_seconds"), 60);
}

TEST(RegionMetrics, SnapshotAndFreeSpaceAreThereWhenKnown) {
  auto joiner = reading_of(region::Role::secondary);
  EXPECT_EQ(value_of(joiner, "holdfast_snapshot_total_bytes"), -1);
  EXPECT_EQ(value_of(joiner, "holdfast_storage_free_bytes"), -1);
  joiner.snapshot = {
      .from = RegionName("us-east-1"), .reason = {}, .received_bytes = 3, .total_bytes = 8, .remaining = {}};
  joiner.free_bytes = 99;
  EXPECT_EQ(value_of(joiner, "holdfast_snapshot_received_bytes"), 3);
  EXPECT_EQ(value_of(joiner, "holdfast_snapshot_total_bytes"), 8);
  EXPECT_EQ(value_of(joiner, "holdfast_storage_free_bytes"), 99);
}

}  // namespace
}  // namespace holdfast::api
