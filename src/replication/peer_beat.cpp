#include "peer_beat.h"

#include <cstdlib>

#include "holdfast/base/log.h"

namespace holdfast::replication {
namespace {

constexpr std::chrono::seconds clock_alarm{5};

void watch_clock(Context& context, const RegionName& peer, WallTime theirs) {
  const auto apart = std::chrono::abs(theirs - context.parts.clock.now());
  if (apart > clock_alarm) {
    log::warn("the clocks of two regions are more than 5 s apart",
              {{"peer", peer.str()}, {"seconds", std::chrono::duration<double>(apart).count()}});
  }
}

/// Also where local.db takes nothing: a primary that is heard is heard.
void hear_primary(Context& context, const RegionName& peer, const region::TermChain& chain,
                  const Beat& beat) {
  auto& parts = context.parts;
  if (parts.state.role() == region::Role::primary ||
      !is_proven_primary(peer, chain, parts.authority.chain(), beat)) {
    return;
  }
  context.heard_primary(parts.clock.steady_now());
  region::PrimaryInfo primary{.name = peer};
  if (const auto member = parts.members.find(peer)) {
    primary.public_url = member->public_url;
    primary.objects_url = member->objects_url;
  }
  parts.state.primary_heard(std::move(primary), beat.term);
  // The log is kept here too, so that a promotion does not have to snapshot the others.
  for (const auto& slot : beat.slots) {
    if (slot.node != parts.members.self_name()) context.slots->advance(slot.node, slot.durable.index);
  }
}

}  // namespace

bool is_proven_primary(const RegionName& peer, const region::TermChain& theirs, const region::TermChain& ours,
                       const Beat& beat) {
  const auto* claimed = theirs.newest();
  if (beat.role != region::Role::primary || claimed == nullptr) return false;
  const auto* known = ours.newest();
  const bool is_newest =
      known == nullptr || (!region::outranks(*known, *claimed) && claimed->term >= known->term);
  return is_newest && claimed->node == peer && claimed->term == beat.term;
}

Result<> take_beat(Context& context, const RegionName& peer, const region::TermChain& chain, const Beat& beat,
                   bool is_first) {
  auto& parts = context.parts;
  if (is_first) watch_clock(context, peer, beat.clock);
  parts.peers.heard(peer);
  parts.peers.blobs_missing(peer, beat.blobs_missing);
  // Before the authority: a former primary learns what was set meanwhile before it opens a term. Where that
  // cannot be kept the answer permits none, but it must not keep a deposed primary from being fenced.
  const auto kept = parts.facts.heard_overrides(peer, beat.overrides);
  region::PeerAnswer answer{
      .name = peer, .role = beat.role, .highest_reign = beat.highest_reign, .applied = beat.applied};
  if (const auto* newest = chain.newest()) answer.newest = *newest;
  answer.stale = !kept;
  const auto answered = parts.authority.answered(std::move(answer));
  hear_primary(context, peer, chain, beat);
  if (!kept && !answered) log::error("a member's state overrides could not be kept", kept.error());
  return answered ? kept : answered;
}

}  // namespace holdfast::replication
