#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "holdfast/base/result.h"
#include "holdfast/base/secret.h"

namespace holdfast::net {

struct TlsContext;

/// A certificate (the end entity's first, then its chain) and its private key, PEM.
struct TlsIdentity {
  std::string certificate_pem;
  Secret private_key_pem;
};

/// Whom a replication peer proved to be: the public key of its certificate, whose private half it has just
/// used.
struct PeerKey {
  Bytes spki_sha256;  ///< 32 raw bytes, what is pinned
  Bytes spki_der;
};
/// Decides about a peer during the handshake; runs on the connection's executor and must not block.
using PeerCheck = std::function<bool(const PeerKey&)>;

/// How one connection is to become a TLS connection: made by one of the context classes, used up by
/// Connection::handshake. Keeps its context alive, also across a reload.
struct TlsSetup {
  enum class Side { client, server };

  std::shared_ptr<TlsContext> context;
  Side side = Side::server;
  std::string server_name;  ///< client: sent as SNI and required in the certificate; empty: neither
  PeerCheck peer_check;     ///< replication only
};

/// The public listeners' side of TLS 1.2 and 1.3: forward-secret AEAD suites only, ALPN `http/1.1` (a client
/// that offers only other protocols is refused, RFC 7301 §3.2), no renegotiation, no compression.
///
/// Thread-safe. reload takes effect for the next handshake; open connections keep what they began with.
class ServerTls {
 public:
  /// `invalid`: code `bad_certificate` if the certificate does not parse or is too weak, `bad_private_key` if
  /// the key does not parse, is encrypted (nobody is asked for a passphrase) or is not the certificate's.
  static Result<std::unique_ptr<ServerTls>> create(const TlsIdentity& identity);

  /// The same errors; on error the old certificate stays in use.
  Result<> reload(const TlsIdentity& identity);
  [[nodiscard]] TlsSetup accept() const;

 private:
  explicit ServerTls(std::shared_ptr<TlsContext> context) : context_(std::move(context)) {}
  mutable std::mutex mutex_;
  std::shared_ptr<TlsContext> context_;
};

/// The calling side of HTTPS: TLS 1.2 and 1.3, the server's chain and name are always verified. Immutable,
/// thread-safe, cheap to copy.
class ClientTls {
 public:
  /// Trusts exactly these authorities. `invalid` code `bad_certificate` if there is none.
  static Result<ClientTls> with_authorities(std::string_view ca_pem);
  /// Trusts what the operating system trusts.
  static Result<ClientTls> with_system_authorities();

  /// `server_name`: a host name, or an IP address, which is then matched against the certificate's addresses.
  [[nodiscard]] TlsSetup connect(std::string server_name) const;

 private:
  explicit ClientTls(std::shared_ptr<TlsContext> context) : context_(std::move(context)) {}
  std::shared_ptr<TlsContext> context_;
};

/// TLS between regions: version 1.3 only, both sides authenticated by pinned Ed25519 keys (self-signed
/// certificates: names, dates and issuers carry no trust), no tickets, no resumption, no early data. Both
/// sides of one node share one identity. Immutable, thread-safe, cheap to copy.
///
/// In TLS 1.3 the dialling side's handshake ends before the accepting side has judged its certificate: a
/// refusal reaches it with the first read.
class PeerTls {
 public:
  /// `invalid` as ServerTls; code `bad_certificate` also for a key other than Ed25519.
  static Result<PeerTls> create(const TlsIdentity& identity);

  [[nodiscard]] TlsSetup accept(PeerCheck check) const;
  [[nodiscard]] TlsSetup connect(PeerCheck check) const;

 private:
  explicit PeerTls(std::shared_ptr<TlsContext> context) : context_(std::move(context)) {}
  std::shared_ptr<TlsContext> context_;
};

}  // namespace holdfast::net
