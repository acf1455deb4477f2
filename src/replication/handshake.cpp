#include "handshake.h"

#include <algorithm>

namespace holdfast::replication {
namespace {

using region::Role;

Welcome basic_welcome(const HostFacts& facts, Welcome::Kind kind) {
  Welcome welcome;
  welcome.kind = kind;
  welcome.node = facts.self;
  welcome.role = facts.role;
  welcome.terms = facts.chain.records();
  welcome.head = facts.durable;
  welcome.highest_reign = facts.highest_reign;
  welcome.clock = facts.now;
  return welcome;
}

std::optional<Welcome> refuse(const HostFacts& facts, const Hello& hello) {
  if (hello.protocol_low > protocol_max || hello.protocol_high < protocol_min) {
    return reject(facts, RejectCode::protocol,
                  "this region speaks protocol versions " + std::to_string(protocol_min) + " to " +
                      std::to_string(protocol_max));
  }
  if (hello.cluster != facts.cluster) return reject(facts, RejectCode::cluster, "this is another cluster");
  if (!facts.peer) return reject(facts, RejectCode::unknown_peer, "this key is no active member's");
  if (facts.peer->name != hello.node || facts.peer->node_id != hello.node_id) {
    return reject(facts, RejectCode::name_mismatch, "this key belongs to another region");
  }
  if (hello.family_map_hash != facts.family_map_hash) {
    return reject(facts, RejectCode::family_map, "the column families are numbered differently");
  }
  if (facts.second_session) {
    return reject(facts, RejectCode::second_session,
                  "a live session of this region exists: was its data directory copied?");
  }
  return std::nullopt;
}

/// Only the primary streams; a secondary streams to the owner of the newest term alone, which pulls its own
/// lost tail.
bool may_stream(const HostFacts& facts, const Hello& hello) {
  if (!hello.wants_stream) return false;
  if (facts.role == Role::primary) return true;
  const auto* newest = facts.chain.newest();
  return newest && newest->node == hello.node && hello.applied.index > 0 &&
         hello.applied.term.reign == newest->term.reign && hello.applied.index < facts.durable.index;
}

bool same_hash(BytesView bytes, const storage::HeadHash& hash) {
  return bytes == BytesView(hash.data(), hash.size());
}

bool contains_our_newest(const GuestFacts& facts, const region::TermChain& chain) {
  const auto* own = facts.chain.newest();
  if (own == nullptr) return true;
  const auto* same = chain.find(own->term);
  return same != nullptr && same->record_hash() == own->record_hash();
}

std::unexpected<Error> bad_offer(std::string detail) {
  return fail(ErrorKind::corrupt, "unverified_term", "a peer's offer does not verify", std::move(detail));
}

}  // namespace

Welcome reject(const HostFacts& facts, RejectCode code, std::string message) {
  // A stranger learns nothing about this cluster.
  Welcome welcome;
  welcome.kind = Welcome::Kind::reject;
  if (facts.peer) welcome.node = facts.self;
  welcome.clock = facts.now;
  welcome.code = code;
  welcome.message = std::move(message);
  return welcome;
}

Located locate(const region::TermChain& chain, const storage::Head& own, const storage::Head& peer) {
  const auto* record = chain.find(peer.term);
  if (!record) {
    const bool older_than_known = !chain.empty() && peer.term < chain.records().front().term;
    return {.place = older_than_known ? Place::before_terms : Place::forked};
  }
  if (const auto* next = chain.successor(peer.term)) {
    if (peer.index < next->previous_index) return {};
    if (peer.index == next->previous_index && same_hash(next->previous_head_hash, peer.hash)) return {};
    Located forked{.place = Place::forked};
    if (peer.index > next->previous_index) {
      forked.fork.term = peer.term;
      forked.fork.index = next->previous_index;
      std::copy_n(next->previous_head_hash.begin(), forked.fork.hash_prefix.size(),
                  forked.fork.hash_prefix.begin());
    }
    return forked;
  }
  if (peer.index < own.index) return {};
  if (peer == own) return {};
  Located forked{.place = Place::forked};
  if (peer.index > own.index && peer.term == own.term) forked.fork = storage::position_of(own);
  return forked;
}

bool would_discard(const GuestFacts& facts, const region::TermChain& chain, const storage::Head& snapshot) {
  if (facts.applied.index == 0) return false;
  if (!contains_our_newest(facts, chain)) return true;
  return locate(chain, snapshot, facts.applied).place == Place::forked;
}

Verdict judge_hello(const HostFacts& facts, const Hello& hello, const TermVerifier& verify) {
  if (auto refusal = refuse(facts, hello)) return {.welcome = *std::move(refusal)};
  auto peer_chain = verify(hello.terms);
  if (!peer_chain) {
    return {.welcome = reject(facts, RejectCode::unverified_term, peer_chain.error().detail)};
  }
  if (hello.purpose == Purpose::blobs) {
    return {.welcome = basic_welcome(facts, Welcome::Kind::blobs), .peer_chain = *std::move(peer_chain)};
  }
  Verdict verdict{.welcome = basic_welcome(facts, Welcome::Kind::peer), .peer_chain = *std::move(peer_chain)};
  auto& welcome = verdict.welcome;
  const auto* own = facts.chain.newest();
  const auto* theirs = verdict.peer_chain.newest();
  const bool peer_outranks = own && theirs && region::outranks(*theirs, *own);
  if (hello.role == Role::primary && own && theirs && region::outranks(*own, *theirs)) {
    welcome.kind = Welcome::Kind::fenced;
    return verdict;
  }
  if (peer_outranks || !may_stream(facts, hello)) return verdict;
  if (hello.applied.index == 0) {
    welcome.kind = Welcome::Kind::snapshot;
    welcome.snapshot_reason = Welcome::SnapshotReason::empty;
    return verdict;
  }
  const auto located = locate(facts.chain, facts.durable, hello.applied);
  if (located.place != Place::possible) {
    // Older than every term that it would be shown, it takes no stream: it finds its own newest one nowhere.
    const bool forked = located.place == Place::forked;
    welcome.kind = facts.role == Role::primary ? Welcome::Kind::snapshot : Welcome::Kind::peer;
    welcome.snapshot_reason = forked ? Welcome::SnapshotReason::forked : Welcome::SnapshotReason::log_gone;
    welcome.fork = located.fork;
    return verdict;
  }
  welcome.kind = Welcome::Kind::stream;
  welcome.from_index = hello.applied.index + 1;
  verdict.ask_log = true;
  return verdict;
}

Result<region::TermChain> check_welcome(const GuestFacts& facts, const Welcome& welcome,
                                        const TermVerifier& verify) {
  TRY(auto chain, verify(welcome.terms));
  if (welcome.node != facts.peer) return bad_offer("another region answered");
  if (welcome.protocol < protocol_min || welcome.protocol > protocol_max)
    return bad_offer("a protocol version that this region does not speak");
  const bool offers_history =
      welcome.kind == Welcome::Kind::stream || welcome.kind == Welcome::Kind::snapshot;
  if (!offers_history) return chain;
  if (!facts.wants_stream) return bad_offer("a stream that was not asked for");
  const auto* newest = chain.newest();
  if (!newest) return bad_offer("no term at all");
  const bool own_tail = newest->node == facts.self && welcome.kind == Welcome::Kind::stream;
  if (newest->node != welcome.node && !own_tail) return bad_offer("the newest term is not the sender's");
  if (newest->term.reign < facts.highest_reign)
    return bad_offer("below a reign that was seen or promised here");
  if (welcome.kind == Welcome::Kind::snapshot) return chain;
  if (welcome.from_index != facts.applied.index + 1)
    return bad_offer("the stream does not begin where this store ends");
  if (!contains_our_newest(facts, chain)) return bad_offer("our newest term is not in its chain");
  return chain;
}

}  // namespace holdfast::replication
