#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "holdfast/async/task.h"
#include "holdfast/base/bytes.h"
#include "holdfast/base/clock.h"
#include "holdfast/net/address.h"
#include "holdfast/net/tls_context.h"

namespace holdfast::net {

/// A connected TCP socket, plain (tests, and until the handshake) or TLS: the one place where socket
/// operations are awaited, each with its deadline.
///
/// Thread: its executor only. At most one reader and one writer at a time; a reader beside a writer is fine.
/// Lifetime: it outlives the operations on it (own it in the task that uses it, or share it). Movable between
/// operations.
///
/// The first failure breaks the connection: the socket is closed and every later operation answers the same
/// error. Kinds are `unavailable` unless noted; codes: `timed_out` (the deadline came), `cancelled`,
/// `connection_truncated` (a TLS stream ended without close_notify: the end may be an attacker's cut),
/// `connection_lost` (reset, unreachable), `tls_failed` (an alert, a bad record, a certificate that was not
/// accepted; the reason is in the detail).
class Connection {
 public:
  /// Takes over a connected socket: switches Nagle's delay off and keep-alive probes on.
  explicit Connection(boost::asio::ip::tcp::socket socket);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  /// close().
  ~Connection();

  /// Bounds what was written and is not on its way yet: a write waits while there is more. So what is written
  /// next waits behind little, and the end of a write says something of the network.
  void limit_unsent(int bytes);

  /// Makes a plain connection a TLS one. Once.
  [[nodiscard]] async::Task<Result<>> handshake(TlsSetup setup, SteadyTime deadline);

  /// Waits for at least one byte and gives how many were read (`into` is not empty). 0 is the peer's proper
  /// end: close_notify, or the end of a plain stream. `into` must stay valid until the result.
  [[nodiscard]] async::Task<Result<std::size_t>> read_some(std::span<char> into, SteadyTime deadline);
  /// Fills `into`; an end before that is `connection_truncated`.
  [[nodiscard]] async::Task<Result<>> read_exactly(std::span<char> into, SteadyTime deadline);

  /// Writes everything. `bytes` must stay valid until the result.
  [[nodiscard]] async::Task<Result<>> write(BytesView bytes, SteadyTime deadline);
  /// Writes the pieces in order; small ones travel in one TLS record. What they view must stay valid until
  /// the result.
  [[nodiscard]] async::Task<Result<>> write(std::vector<BytesView> pieces, SteadyTime deadline);

  /// Ends politely: close_notify, then reads away (bounded) what the peer still sends, so that the last bytes
  /// written are not lost to a reset, then closes. No reader or writer may be active. `timed_out` when the
  /// peer had not ended its side by the deadline: it may have missed the last bytes.
  [[nodiscard]] async::Task<Result<>> shutdown(SteadyTime deadline);
  /// Ends at once; pending operations end with `connection_lost`.
  void close();
  [[nodiscard]] bool is_open() const;

  /// The client: the socket's other end, unless a trusted front door named another.
  [[nodiscard]] const PeerAddress& remote() const;
  void set_remote(PeerAddress address);
  [[nodiscard]] PeerAddress local() const;
  [[nodiscard]] async::Executor executor() const;

  [[nodiscard]] bool is_tls() const;
  /// Replication: the key that the peer's certificate carries. Null before the handshake.
  [[nodiscard]] const PeerKey* peer_key() const;
  /// Keying material bound to this TLS session (RFC 5705, RFC 8446 §7.5), equal on both sides. `internal` on
  /// a connection without TLS.
  [[nodiscard]] Result<Bytes> export_keying_material(std::string_view label, BytesView context,
                                                     std::size_t size) const;
  /// `TLSv1.3`, `TLSv1.2`, or empty; for logs.
  [[nodiscard]] std::string_view tls_version() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace holdfast::net
