#pragma once

#include <cstddef>

#include "holdfast/base/bytes.h"
#include "holdfast/net/address.h"

/// PROXY protocol version 2 (haproxy.org, doc/proxy-protocol.txt, §2.2), the receiving side: what a front
/// door puts before the client's first byte. Pure; strict: TCP over IPv4 or IPv6 only, version 1 is refused,
/// type-length-values are checked for framing and skipped.
namespace holdfast::net {

/// The fixed part, which tells how long the whole is.
inline constexpr std::size_t proxy_prefix_size = 16;
/// More than any address plus the TLVs that HAProxy can be told to send; a sender beyond it is refused.
inline constexpr std::size_t max_proxy_header_size = proxy_prefix_size + 2048;

struct ProxyHeader {
  /// The proxy speaks for itself (health check): the connection's own addresses hold and `source`,
  /// `destination` are empty.
  bool is_local = false;
  PeerAddress source;
  PeerAddress destination;
};

/// How many bytes the whole header has, from its first proxy_prefix_size bytes. `invalid` code
/// `bad_proxy_header` when they are not the beginning of an acceptable one.
[[nodiscard]] Result<std::size_t> proxy_header_size(BytesView prefix);

/// Parses the whole header: exactly the bytes that proxy_header_size announced. Errors as there.
[[nodiscard]] Result<ProxyHeader> parse_proxy_header(BytesView header);

}  // namespace holdfast::net
