#pragma once

#include "channel.h"
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
/// Why sessions end with a peer that `is_member_still` knows no more.
inline constexpr const char* removed_since = "this member was removed, or its key changed";
/// Whether the peer's row is active and names the key that this connection was made with. Any thread.
bool is_member_still(const Context& context, Channel& channel, const RegionName& peer);

}  // namespace holdfast::replication
