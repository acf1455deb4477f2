#pragma once

#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <optional>

#include "holdfast/net/tls_context.h"

namespace holdfast::net {

/// OpenSSL's context behind the public classes; shared by the connections that began with it. Not changed
/// once shared.
struct TlsContext {
  enum class Kind : std::uint8_t { server, client, peer };

  explicit TlsContext(Kind context_kind) : kind(context_kind), context(boost::asio::ssl::context::tls) {}
  Kind kind;
  boost::asio::ssl::context context;
};

/// What the certificate callback of a replication connection asks, and learns. Owned by the connection, which
/// outlives its SSL.
struct PeerVerification {
  PeerCheck check;
  std::optional<PeerKey> key;
};

/// Gives a peer connection's SSL its verification; without one every peer is refused.
void attach(SSL* ssl, PeerVerification* verification);
/// SNI, and the name or address that the server's certificate must carry.
[[nodiscard]] Result<> require_server_name(SSL* ssl, const std::string& name);
/// OpenSSL's error queue as text, emptied; for details.
[[nodiscard]] std::string openssl_errors();

}  // namespace holdfast::net
