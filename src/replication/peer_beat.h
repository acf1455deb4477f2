#pragma once

#include "context.h"
#include "holdfast/region/term_record.h"
#include "holdfast/replication/beat.h"

// What a peer's beats are believed, and what they change here.
namespace holdfast::replication {

/// Whether a beat's sender is the primary that it says it is: it must own the newest term, by records that
/// were verified at the handshake. Clients are sent to the primary's address and its word moves slots.
bool is_proven_primary(const RegionName& peer, const region::TermChain& theirs, const region::TermChain& ours,
                       const Beat& beat);

/// What a beat changes here: overrides, authority, and at a secondary the news of its primary. With a
/// session's first one the clocks are compared. May block on the disk.
Result<> take_beat(Context& context, const RegionName& peer, const region::TermChain& chain, const Beat& beat,
                   bool is_first);

}  // namespace holdfast::replication
