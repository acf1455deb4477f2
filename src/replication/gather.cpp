#include "gather.h"

#include "holdfast/storage/table.h"
#include "holdfast/storage/version.h"

namespace holdfast::replication {
namespace {

/// Sends at most as many terms as fit; who is further behind gets a snapshot.
region::TermChain newest_terms(const region::TermChain& chain) {
  const auto& records = chain.records();
  if (records.size() <= max_terms_in_handshake) return chain;
  return region::TermChain::trusted({records.end() - max_terms_in_handshake, records.end()});
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

}  // namespace holdfast::replication
