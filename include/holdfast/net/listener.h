#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "holdfast/async/io_pool.h"
#include "holdfast/async/task.h"
#include "holdfast/net/address.h"
#include "holdfast/net/connection.h"

namespace holdfast::net {

struct ListenOptions {
  /// For the log: `public`, `objects`, `admin`, `replication`.
  std::string name;
  /// An IP address; `::` also takes IPv4.
  std::string address = "127.0.0.1";
  /// 0: the kernel chooses; see Listener::port.
  std::uint16_t port = 0;
  /// Asked once a connection, so that reloads take effect; empty: plain TCP, for tests.
  std::function<TlsSetup()> tls;
  /// When true every connection must begin with a PROXY v2 header, from a source in `trusted_proxies`; when
  /// false none may. Never guessed.
  bool proxy_protocol_required = false;
  std::vector<Cidr> trusted_proxies;
  /// Open connections, handshakes included.
  std::size_t max_connections = 10'000;
  /// Taken beyond them, so that their clients can be told (and health asked after); one more is closed at
  /// once.
  std::size_t reserve = 0;
  /// Called for each connection beyond `max_connections`, on its core: time to close an idle one.
  std::function<void()> make_room;
  /// Where listeners share one cap: what counts the open connections of all of them. Empty: this one's alone.
  std::shared_ptr<std::atomic<std::size_t>> shared_open;
  /// Of them from one address (for IPv6 one /64; behind a proxy the client's); one more is closed before its
  /// handshake.
  std::size_t max_per_address = 10'000;
  /// For the PROXY header and the TLS handshake together.
  std::chrono::nanoseconds handshake_timeout = std::chrono::seconds(10);
};

/// Accepts connections on every core of an IoPool (SO_REUSEPORT, one socket a core) and hands each, ready to
/// use, to the handler, as a task of its own on the accepting core.
///
/// An accept that fails (EMFILE and its like) is logged, waited out and tried again: the loop ends only when
/// told. Member functions may be called from any thread. Destroy it outside the pool's threads, before the
/// pool and before what the handler uses.
class Listener {
 public:
  /// Owns the connection; the connection is closed when the task ends.
  using Handler = std::function<async::Task<>(Connection)>;

  /// Binds and listens, but accepts nothing yet. SO_REUSEPORT would let a second daemon bind silently (seen),
  /// so the port is first bound without it: one in use is `conflict` code `port_in_use`, whose message names
  /// address and port. Other failures: `invalid` code `cannot_listen`.
  static Result<std::unique_ptr<Listener>> open(async::IoPool& pool, ListenOptions options);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  /// cancel(), then waits for the tasks.
  ~Listener();

  [[nodiscard]] std::uint16_t port() const;
  /// Once.
  void start(Handler handler);
  [[nodiscard]] std::size_t connections() const;
  /// How many more than `max_connections` are open now, over all listeners that share the cap.
  [[nodiscard]] std::size_t beyond_cap() const;

  /// No new connections; open ones go on. Idempotent.
  void stop_accepting();
  /// After stop_accepting: waits until every handler has ended, `timed_out` if one has not by `deadline`.
  [[nodiscard]] async::Task<Result<>> drain(SteadyTime deadline);
  /// stop_accepting, and cancels the handlers.
  void cancel();

 private:
  struct Impl;
  explicit Listener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::net
