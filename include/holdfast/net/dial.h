#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "holdfast/async/task.h"
#include "holdfast/net/address.h"
#include "holdfast/net/connection.h"

namespace holdfast::net {

struct DialOptions {
  std::string host;  ///< a name, or an IP address
  std::uint16_t port = 0;
  /// When set, addresses for which it answers false are not connected to (outbound calls: private ones).
  std::function<bool(const IpAddress&)> allowed = {};
};

/// `host:port` or `[v6]:port` to its parts; `invalid` otherwise.
[[nodiscard]] Result<DialOptions> parse_endpoint(std::string_view text);

/// The addresses of a host, families alternating (RFC 8305 §4); of `localhost` and names below it the
/// loopback addresses, without asking a resolver (RFC 6761 §6.3). `unavailable` code `name_not_found`;
/// `timed_out`.
[[nodiscard]] async::Task<Result<std::vector<IpAddress>>> resolve(std::string host, SteadyTime deadline);

/// Connects to the first of `places` that answers: attempts start 250 ms apart or when the one before failed
/// (RFC 8305 §5), so a dead address costs no more than that. Plain TCP; follow with Connection::handshake.
/// `unavailable` codes `connection_refused` (nothing listens at any of them that this host has a way to),
/// `connect_failed`, `timed_out`, `cancelled`.
[[nodiscard]] async::Task<Result<Connection>> connect_any(std::vector<PeerAddress> places,
                                                          SteadyTime deadline);

/// resolve, then connect_any; their errors, and `forbidden` code `address_not_allowed`.
[[nodiscard]] async::Task<Result<Connection>> dial(DialOptions target, SteadyTime deadline);

}  // namespace holdfast::net
