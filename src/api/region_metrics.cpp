#include "holdfast/api/region_metrics.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace holdfast::api {
namespace {

using ops::Family;
using region::PeerStatus;

double as_seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

Family gauge_of(std::string name, std::string help, double value) {
  return {.name = std::move(name), .help = std::move(help), .samples = {{.value = value, .labels = {}}}};
}

Family gauge_of(std::string name, std::string help, const std::optional<double>& value) {
  if (value) return gauge_of(std::move(name), std::move(help), *value);
  return {.name = std::move(name), .help = std::move(help), .samples = {}};
}

/// One sample a value, 1 for the one that holds and 0 for the others.
template <class Value, std::size_t size, class Label>
void add_one_hot(Family& family, const std::array<Value, size>& values, Value holds, Label label) {
  for (const Value value : values)
    family.samples.push_back({.value = value == holds ? 1.0 : 0.0, .labels = label(value)});
}

void add_standing(std::vector<Family>& families, const RegionReading& reading) {
  const auto& view = reading.view;
  using region::Role;
  families.push_back(
      {.name = "holdfast_build_info",
       .help = "Always 1; version and region as labels.",
       .samples = {{.value = 1, .labels = {{"version", reading.version}, {"region", view.self.str()}}}}});
  Family role{
      .name = "holdfast_region_role", .help = "1 for the role that this region has now.", .samples = {}};
  add_one_hot(role, std::array{Role::primary, Role::secondary, Role::fenced}, view.role,
              [](Role value) { return metrics::Labels{{"role", std::string(to_string(value))}}; });
  families.push_back(std::move(role));
  Family fenced{.name = "holdfast_region_fenced",
                .help = "1 while this region is fenced; why, as a label. Absent while it is not.",
                .samples = {}};
  if (view.role == Role::fenced)
    fenced.samples.push_back(
        {.value = 1, .labels = {{"reason", std::string(fence_reason_code(view.fence_reason))}}});
  families.push_back(std::move(fenced));
  Family waiting{.name = "holdfast_region_waiting_for",
                 .help = "1 for each member that this fenced region wants to hear before it may write.",
                 .samples = {}};
  for (const auto& name : reading.waiting_for)
    waiting.samples.push_back({.value = 1, .labels = {{"member", name.str()}}});
  families.push_back(std::move(waiting));
  families.push_back(
      gauge_of("holdfast_region_reign", "Reign of the last written or applied batch.", view.term.reign));
  families.push_back(gauge_of("holdfast_region_incarnation",
                              "Incarnation of the last written or applied batch.", view.term.incarnation));
  families.push_back(gauge_of("holdfast_region_takes_traffic", "1 while this region can sign users in.",
                              reading.takes_traffic ? 1 : 0));
  families.push_back(gauge_of("holdfast_region_synced",
                              "1 once this region was fully synced; a joiner is not, before.",
                              view.ever_synced ? 1 : 0));
}

void add_position(std::vector<Family>& families, const RegionReading& reading) {
  const auto& view = reading.view;
  families.push_back(gauge_of("holdfast_durable_index", "Batch index of this region's newest durable batch.",
                              static_cast<double>(reading.durable.index)));
  families.push_back(
      gauge_of("holdfast_durable_batch_timestamp_seconds",
               "When the primary committed this region's newest durable batch, by the primary's clock.",
               as_seconds(reading.durable.committed_at.time_since_epoch())));
  families.push_back(gauge_of("holdfast_primary_reachable",
                              "1 while this region hears the primary (or is it).",
                              view.primary && view.primary->reachable ? 1 : 0));
  std::optional<double> silence;
  if (view.cut_off_since) silence = as_seconds(reading.now - *view.cut_off_since);
  families.push_back(gauge_of("holdfast_primary_silent_seconds",
                              "Time since this region last heard its primary. Absent while it hears it.",
                              silence));
}

void add_member(Family& family, const PeerStatus& member, std::optional<double> value) {
  if (value) family.samples.push_back({.value = *value, .labels = {{"member", member.name.str()}}});
}

template <class Value>
Family of_members(const RegionReading& reading, std::string name, std::string help, Value value) {
  Family family{.name = std::move(name), .help = std::move(help), .samples = {}};
  for (const auto& member : reading.members) add_member(family, member, value(member));
  return family;
}

std::optional<double> number(const std::optional<std::uint64_t>& value) {
  if (!value) return std::nullopt;
  return static_cast<double>(*value);
}

void add_members(std::vector<Family>& families, const RegionReading& reading) {
  families.push_back(
      of_members(reading, "holdfast_member_heard_seconds",
                 "Time since this member was last heard. Absent for one never heard since the start.",
                 [&](const PeerStatus& member) -> std::optional<double> {
                   if (!member.heard_at) return std::nullopt;
                   return as_seconds(reading.now - *member.heard_at);
                 }));
  families.push_back(of_members(
      reading, "holdfast_member_objects_missing", "Objects whose bytes this member does not have yet.",
      [](const PeerStatus& member) { return std::optional(static_cast<double>(member.blobs_missing)); }));
}

void add_followers(std::vector<Family>& families, const RegionReading& reading) {
  const auto lag = [&](const PeerStatus& member) { return lag_of(member, reading.durable, reading.now); };
  families.push_back(
      of_members(reading, "holdfast_member_connected", "1 while this member follows the log.",
                 [](const PeerStatus& member) { return std::optional(member.connected ? 1.0 : 0.0); }));
  families.push_back(of_members(reading, "holdfast_member_durable_index",
                                "Batch index that this member has confirmed as durable.",
                                [](const PeerStatus& member) -> std::optional<double> {
                                  if (!member.durable) return std::nullopt;
                                  return static_cast<double>(member.durable->index);
                                }));
  families.push_back(
      of_members(reading, "holdfast_member_lag_seconds",
                 "Age of the oldest batch that this member has not confirmed; of one that is away, "
                 "at most this.",
                 [&](const PeerStatus& member) { return lag(member).seconds; }));
  families.push_back(of_members(reading, "holdfast_member_lag_bytes",
                                "Bytes of log that this member has not confirmed. Absent while it is away.",
                                [&](const PeerStatus& member) { return number(lag(member).bytes); }));
  families.push_back(of_members(reading, "holdfast_member_lag_batches",
                                "Batches that this member has not confirmed.",
                                [&](const PeerStatus& member) { return number(lag(member).batches); }));
  families.push_back(of_members(
      reading, "holdfast_member_diverged", "1 if `holdfast verify` found other bytes at this member.",
      [](const PeerStatus& member) { return std::optional(member.diverged ? 1.0 : 0.0); }));
  using region::SlotState;
  Family slot{.name = "holdfast_member_slot",
              .help = "1 for the state of this member's slot: whether the log that it needs is kept.",
              .samples = {}};
  for (const auto& member : reading.members) {
    add_one_hot(slot, std::array{SlotState::reserved, SlotState::at_risk, SlotState::lost}, member.slot,
                [&](SlotState value) {
                  return metrics::Labels{{"member", member.name.str()},
                                         {"state", std::string(to_string(value))}};
                });
  }
  families.push_back(std::move(slot));
}

void add_resources(std::vector<Family>& families, const RegionReading& reading) {
  std::optional<double> received;
  std::optional<double> total;
  if (reading.snapshot) {
    received = static_cast<double>(reading.snapshot->received_bytes);
    total = static_cast<double>(reading.snapshot->total_bytes);
  }
  families.push_back(gauge_of("holdfast_snapshot_received_bytes",
                              "Bytes of the snapshot that is arriving. Absent when none is.", received));
  families.push_back(
      gauge_of("holdfast_snapshot_total_bytes", "Size of the snapshot that is arriving.", total));
  families.push_back(gauge_of("holdfast_storage_free_bytes", "Free space where this region's data lies.",
                              number(reading.free_bytes)));
  families.push_back(gauge_of("holdfast_storage_free_floor_bytes",
                              "Below this much free space writes are refused.",
                              static_cast<double>(reading.free_floor_bytes)));
  families.push_back(gauge_of("holdfast_hash_queue", "Sign-ins that wait for a hashing thread.",
                              static_cast<double>(reading.hash_queue)));
  families.push_back(gauge_of("holdfast_hash_queue_limit",
                              "More waiting sign-ins than this are answered 503.",
                              static_cast<double>(reading.hash_queue_limit)));
  std::optional<double> expires;
  if (reading.metrics_token_expires) expires = as_seconds(reading.metrics_token_expires->time_since_epoch());
  families.push_back(gauge_of("holdfast_metrics_token_expiry_timestamp_seconds",
                              "When the token that `init` or `join` made for /metrics ends.", expires));
}

}  // namespace

std::string_view fence_reason_code(region::FenceReason reason) {
  switch (reason) {
    case region::FenceReason::none:
      return "none";
    case region::FenceReason::waiting_for_peers:
      return "waiting_for_peers";
    case region::FenceReason::higher_reign:
      return "higher_reign";
    case region::FenceReason::peer_is_further:
      return "peer_is_further";
    case region::FenceReason::recovered_short:
      return "recovered_short";
    case region::FenceReason::by_operator:
      return "by_operator";
    case region::FenceReason::store_failed:
      return "store_failed";
  }
  return "none";
}

MemberLag lag_of(const PeerStatus& member, const storage::Head& durable, SteadyTime now) {
  if (!member.durable) return {};
  const auto behind = durable.index - std::min(durable.index, member.durable->index);
  if (behind == 0) return {.seconds = 0.0, .bytes = 0, .batches = 0};
  if (member.connected)
    return {.seconds = as_seconds(member.lag), .bytes = member.lag_bytes, .batches = behind};
  if (!member.heard_at) return {.seconds = {}, .bytes = {}, .batches = behind};
  return {.seconds = as_seconds(member.lag + (now - *member.heard_at)), .bytes = {}, .batches = behind};
}

std::vector<Family> region_families(const RegionReading& reading) {
  std::vector<Family> families;
  add_standing(families, reading);
  add_position(families, reading);
  add_members(families, reading);
  if (reading.view.role == region::Role::primary) add_followers(families, reading);
  add_resources(families, reading);
  return families;
}

}  // namespace holdfast::api
