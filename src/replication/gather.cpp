#include "gather.h"

#include <cstdlib>

#include "holdfast/base/log.h"
#include "holdfast/storage/table.h"
#include "holdfast/storage/version.h"

namespace holdfast::replication {
namespace {

constexpr std::chrono::seconds clock_alarm{5};

/// Sends at most as many terms as fit; who is further behind gets a snapshot.
region::TermChain newest_terms(const region::TermChain& chain) {
  const auto& records = chain.records();
  if (records.size() <= max_terms_in_handshake) return chain;
  return region::TermChain::trusted({records.end() - max_terms_in_handshake, records.end()});
}

void watch_clock(Context& context, const RegionName& peer, WallTime theirs) {
  const auto apart = std::chrono::abs(theirs - context.parts.clock.now());
  if (apart > clock_alarm) {
    log::warn("the clocks of two regions are more than 5 s apart",
              {{"peer", peer.str()}, {"seconds", std::chrono::duration<double>(apart).count()}});
  }
}

}  // namespace

TermVerifier make_verifier(Context& context) {
  return [authority = &context.parts.authority](std::vector<region::TermRecord> records) {
    return authority->verify(std::move(records));
  };
}

bool is_member_still(const Context& context, Channel& channel, const RegionName& peer) {
  const auto* key = channel.connection().peer_key();
  if (key == nullptr) return false;
  const auto member = context.parts.members.find_by_spki_hash(key->spki_sha256);
  return member && member->name == peer;
}

HostFacts gather_host(Context& context, const net::PeerKey& key) {
  auto& parts = context.parts;
  HostFacts facts{.cluster = parts.authority.cluster(), .self = parts.members.self_name()};
  facts.family_map_hash = storage::family_map_hash();
  facts.role = parts.state.role();
  facts.chain = newest_terms(parts.authority.chain());
  facts.durable = parts.core.durable();
  facts.highest_reign = parts.authority.highest_reign();
  facts.peer = parts.members.find_by_spki_hash(key.spki_sha256);
  facts.now = parts.clock.now();
  return facts;
}

GuestFacts gather_guest(Context& context, const RegionName& peer) {
  auto& parts = context.parts;
  return GuestFacts{.self = parts.members.self_name(),
                    .peer = peer,
                    .chain = newest_terms(parts.authority.chain()),
                    .applied = parts.core.applied(),
                    .highest_reign = parts.authority.highest_reign(),
                    .wants_stream = parts.authority.wants_stream_from(peer)};
}

Hello make_hello(Context& context, const GuestFacts& facts, Purpose purpose, std::string snapshot) {
  auto& parts = context.parts;
  Hello hello;
  hello.cluster = parts.authority.cluster();
  hello.node = facts.self;
  hello.node_id = parts.node.node_id;
  hello.purpose = purpose;
  hello.family_map_hash = storage::family_map_hash();
  hello.rocksdb_version = storage::rocksdb_version();
  hello.build = context.options.build;
  hello.role = parts.state.role();
  hello.terms = facts.chain.records();
  hello.applied = facts.applied;
  hello.durable = storage::position_of(parts.core.durable());
  hello.highest_reign = facts.highest_reign;
  hello.snapshot = std::move(snapshot);
  hello.wants_stream = facts.wants_stream;
  hello.clock = parts.clock.now();
  return hello;
}

Beat make_beat(Context& context) {
  auto& parts = context.parts;
  const auto view = parts.state.view();
  Beat beat;
  beat.clock = parts.clock.now();
  beat.role = view.role;
  beat.fence_reason = view.fence_reason;
  beat.term = view.term;
  beat.highest_reign = parts.authority.highest_reign();
  beat.applied = parts.core.applied();
  beat.durable = storage::position_of(parts.core.durable());
  beat.blobs_missing = parts.demand.missing();
  if (view.role == region::Role::primary) {
    for (const auto& peer : parts.peers.all()) {
      beat.slots.push_back({.node = peer.name,
                            .state = context.slots->state(peer.name),
                            .durable = peer.durable.value_or(storage::Position{})});
    }
  }
  beat.overrides = parts.facts.all_overrides();
  if (context.options.audit_heads) beat.audit_heads = context.options.audit_heads();
  return beat;
}

bool is_proven_primary(const RegionName& peer, const region::TermChain& theirs, const region::TermChain& ours,
                       const Beat& beat) {
  const auto* claimed = theirs.newest();
  if (beat.role != region::Role::primary || claimed == nullptr) return false;
  const auto* known = ours.newest();
  const bool is_newest =
      known == nullptr || (!region::outranks(*known, *claimed) && claimed->term >= known->term);
  return is_newest && claimed->node == peer && claimed->term == beat.term;
}

Result<> take_beat(Context& context, const RegionName& peer, const region::TermChain& chain,
                   const Beat& beat) {
  auto& parts = context.parts;
  if (beat.number == 1) watch_clock(context, peer, beat.clock);
  parts.peers.heard(peer);
  parts.peers.blobs_missing(peer, beat.blobs_missing);
  // Before the authority: a former primary learns what was set meanwhile before it opens a term.
  TRY_VOID(parts.facts.heard_overrides(peer, beat.overrides));
  region::PeerAnswer answer{
      .name = peer, .role = beat.role, .highest_reign = beat.highest_reign, .applied = beat.applied};
  if (const auto* newest = chain.newest()) answer.newest = *newest;
  TRY_VOID(parts.authority.answered(std::move(answer)));
  if (parts.state.role() == region::Role::primary ||
      !is_proven_primary(peer, chain, parts.authority.chain(), beat)) {
    return {};
  }

  context.primary_heard_ns = parts.clock.steady_now().time_since_epoch().count();
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
  return {};
}

}  // namespace holdfast::replication
