#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/ids.h"
#include "holdfast/region/role.h"
#include "holdfast/region/term_record.h"
#include "holdfast/storage/position.h"

namespace holdfast::region {

/// What another member told about itself in HELLO, WELCOME or BEAT.
struct PeerAnswer {
  RegionName name;
  Role role = Role::fenced;
  std::uint32_t highest_reign = 0;   ///< ever seen or promised there
  storage::Head applied;             ///< its last batch
  std::optional<TermRecord> newest;  ///< its newest term record, verified by this region
  /// Not heard any more, so that it may have promised a reign since; or not all that it said could be kept.
  /// What it said still forbids, but permits nothing.
  bool stale = false;
};

/// How a former primary may open without having heard everybody. Each exception says whose risk it is.
struct BootPolicy {
  /// `boot.require_peers: none`: whoever configures it bears the risk of two writable regions after a
  /// promotion that this region did not hear of.
  bool require_peers = true;
  /// `--force-primary`: whoever types it asserts that no other region was promoted and accepts to lose what
  /// only peers hold.
  bool force_primary = false;
};

/// All that the decision depends on.
struct BootFacts {
  RegionName self;
  storage::Head own;
  std::optional<TermRecord> newest;  ///< this region's own newest term record
  bool may_promote = true;           ///< this region's own row
  std::uint32_t highest_reign = 0;   ///< ever seen or promised here
  bool fenced_by_operator = false;
  std::optional<std::uint64_t> short_of;  ///< the index that a store below its watermark should reach
  std::vector<RegionName> others;         ///< all other active members
  std::map<RegionName, PeerAnswer> answers;
  BootPolicy policy;
};

enum class BootStep : std::uint8_t {
  wait,       ///< fenced until more members answer
  open_term,  ///< this region is the primary: open a new incarnation
  follow,     ///< be a secondary (of whoever holds the newest term)
  pull_tail,  ///< fenced; `pull_from` says that it holds more of this region's own last term
  stay,       ///< fenced until an operator acts
};

struct BootDecision {
  BootStep step = BootStep::wait;
  FenceReason reason = FenceReason::none;
  std::vector<RegionName> waiting_for;
  /// Those waited for were heard, and speak of a higher reign whose record nobody has shown.
  bool higher_reign_claimed = false;
  std::optional<RegionName> pull_from;
  std::uint64_t pull_up_to = 0;  ///< the batch that `pull_from` says it holds
};

/// The rules of who opens a term at its start, as one pure function; asked at start and again after every
/// answer until it leaves the region primary or secondary.
BootDecision decide_boot(const BootFacts& facts);

}  // namespace holdfast::region
