#pragma once

#include "context.h"
#include "handshake.h"
#include "holdfast/net/tls_context.h"
#include "holdfast/replication/beat.h"

namespace holdfast::replication {

// What this region says about itself and knows about a peer, collected from the shared parts at one moment.

HostFacts gather_host(Context& context, const net::PeerKey& key);
GuestFacts gather_guest(Context& context, const RegionName& peer);
Hello make_hello(Context& context, const GuestFacts& facts, Purpose purpose, std::string snapshot);
/// `number`, `lag` and `acknowledged` are the session's.
Beat make_beat(Context& context);
TermVerifier make_verifier(Context& context);

/// What a beat changes here: overrides, authority, and at a secondary the news of its primary. May block on
/// the disk.
Result<> take_beat(Context& context, const RegionName& peer, const region::TermChain& chain,
                   const Beat& beat);

}  // namespace holdfast::replication
