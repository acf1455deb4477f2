#pragma once

#include <functional>
#include <optional>

#include "holdfast/region/member.h"
#include "holdfast/region/term_record.h"
#include "holdfast/replication/hello.h"
#include "holdfast/replication/welcome.h"

namespace holdfast::replication {

/// Verifies records of a peer: shape, links, signatures by members that may promote.
using TermVerifier = std::function<Result<region::TermChain>(std::vector<region::TermRecord>)>;

/// What the answering side knows when a HELLO arrives.
struct HostFacts {
  ClusterId cluster;
  RegionName self;
  Bytes family_map_hash;
  region::Role role = region::Role::fenced;
  region::TermChain chain;
  storage::Head durable;
  std::uint32_t highest_reign = 0;
  std::optional<region::Member> peer;  ///< the active member whose key the connection proved; absent: unknown
  bool second_session = false;         ///< a live session of this member and purpose exists
  WallTime now;
};

/// Where a dialler's last batch lies in this region's history, as far as the term records tell.
enum class Place : std::uint8_t {
  possible,      ///< the log decides: the batch itself must be found with the same hash
  forked,        ///< not in this history
  before_terms,  ///< older than the oldest term record that is shown
};

struct Located {
  Place place = Place::possible;
  storage::Position fork;  ///< forked: the last batch that both share, where the terms tell
};

Located locate(const region::TermChain& chain, const storage::Head& own, const storage::Head& peer);

/// The answer to HELLO before the log was asked. `ask_log`: the kind is stream if the log still reaches the
/// dialler's position, and becomes snapshot otherwise.
struct Verdict {
  Welcome welcome;
  bool ask_log = false;
  /// Verified records of the dialler, ascending; empty where it has none or was rejected.
  region::TermChain peer_chain;
};

Verdict judge_hello(const HostFacts& facts, const Hello& hello, const TermVerifier& verify);

/// A rejecting WELCOME.
Welcome reject(const HostFacts& facts, RejectCode code, std::string message);

/// What the dialling side expects of a WELCOME.
struct GuestFacts {
  RegionName self;
  RegionName peer;  ///< the member that was dialled (its key was checked by TLS)
  region::TermChain chain;
  storage::Head applied;
  std::uint32_t highest_reign = 0;
  bool wants_stream = true;
};

/// Whether a snapshot with this head, of this verified chain, lacks batches of the store that it would
/// replace, or may: whatever the giver says is the reason. What is discarded goes into quarantine.
bool would_discard(const GuestFacts& facts, const region::TermChain& chain, const storage::Head& snapshot);

/// Verifies the terms of a WELCOME and that its offer fits: a stream or snapshot comes only from the node
/// that owns the newest term (or goes to it, when it pulls its own tail), never from below a promised reign,
/// and a stream's chain contains our own newest record. Gives the peer's chain.
Result<region::TermChain> check_welcome(const GuestFacts& facts, const Welcome& welcome,
                                        const TermVerifier& verify);

}  // namespace holdfast::replication
