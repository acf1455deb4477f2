#include "holdfast/region/boot.h"

#include <algorithm>

#include "holdfast/storage/watermark.h"

namespace holdfast::region {
namespace {

BootDecision fenced_by(BootStep step, FenceReason reason) { return {.step = step, .reason = reason}; }

/// Who speaks of a higher reign without showing its record: it was promised, perhaps, and may open any
/// moment.
std::vector<RegionName> who_speak_of_a_higher_reign(const BootFacts& facts) {
  std::vector<RegionName> names;
  for (const auto& [name, peer] : facts.answers) {
    if (peer.highest_reign > facts.newest->term.reign) names.push_back(name);
  }
  return names;
}

bool verified_higher_term(const BootFacts& facts) {
  return std::ranges::any_of(facts.answers, [&](const auto& entry) {
    return entry.second.newest && outranks(*entry.second.newest, *facts.newest);
  });
}

/// The peer that holds most of this region's own last term beyond what is here.
const PeerAnswer* furthest_in_own_term(const BootFacts& facts) {
  const PeerAnswer* furthest = nullptr;
  for (const auto& [name, peer] : facts.answers) {
    if (!storage::peer_is_further_in_own_term(facts.own, storage::position_of(peer.applied))) continue;
    if (furthest == nullptr || peer.applied.index > furthest->applied.index) furthest = &peer;
  }
  return furthest;
}

/// Whether a peer holds a term of this reign that this region signed and does not know: it wrote somewhere
/// else.
bool wrote_elsewhere(const BootFacts& facts) {
  return std::ranges::any_of(facts.answers, [&](const auto& entry) {
    return entry.second.newest && is_later_of_one_reign(*entry.second.newest, *facts.newest);
  });
}

bool recovered_short(const BootFacts& facts) { return facts.short_of && facts.own.index < *facts.short_of; }

std::vector<RegionName> silent_members(const BootFacts& facts) {
  std::vector<RegionName> silent;
  std::ranges::copy_if(facts.others, std::back_inserter(silent), [&](const RegionName& name) {
    const auto answer = facts.answers.find(name);
    return answer == facts.answers.end() || answer->second.stale;
  });
  return silent;
}

BootDecision decide_former_primary(const BootFacts& facts) {
  if (verified_higher_term(facts)) return fenced_by(BootStep::follow, FenceReason::higher_reign);
  // What an operator fenced another operator unfences, no option of a start.
  if (facts.fenced_by_operator) return fenced_by(BootStep::stay, FenceReason::by_operator);
  if (facts.policy.force_primary) return {.step = BootStep::open_term};
  // A bare number is no proof: it keeps this region from writing, never from signing users in.
  if (auto speakers = who_speak_of_a_higher_reign(facts); !speakers.empty()) {
    auto decision = fenced_by(BootStep::wait, FenceReason::waiting_for_peers);
    decision.waiting_for = std::move(speakers);
    decision.higher_reign_claimed = true;
    return decision;
  }
  if (facts.highest_reign > facts.newest->term.reign)
    return fenced_by(BootStep::stay, FenceReason::higher_reign);
  // Nobody would verify a term that this node signs.
  if (!facts.may_promote) return fenced_by(BootStep::stay, FenceReason::by_operator);
  if (const auto* peer = furthest_in_own_term(facts)) {
    auto decision = fenced_by(BootStep::pull_tail, FenceReason::peer_is_further);
    decision.pull_from = peer->name;
    decision.pull_up_to = peer->applied.index;
    return decision;
  }
  if (wrote_elsewhere(facts)) return fenced_by(BootStep::stay, FenceReason::peer_is_further);
  auto silent = silent_members(facts);
  const bool must_hear = facts.policy.require_peers && !silent.empty();
  if (recovered_short(facts)) {
    auto decision = fenced_by(must_hear ? BootStep::wait : BootStep::stay, FenceReason::recovered_short);
    decision.waiting_for = std::move(silent);
    return decision;
  }
  if (must_hear) {
    auto decision = fenced_by(BootStep::wait, FenceReason::waiting_for_peers);
    decision.waiting_for = std::move(silent);
    return decision;
  }
  return {.step = BootStep::open_term};
}

}  // namespace

BootDecision decide_boot(const BootFacts& facts) {
  // An empty store, or one whose newest term is another region's: this was never the primary of it.
  if (!facts.newest || facts.newest->node != facts.self) return {.step = BootStep::follow};
  return decide_former_primary(facts);
}

}  // namespace holdfast::region
