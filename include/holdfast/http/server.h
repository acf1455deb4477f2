#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "holdfast/async/io_pool.h"
#include "holdfast/async/task.h"
#include "holdfast/base/result.h"
#include "holdfast/http/router.h"
#include "holdfast/net/listener.h"

namespace holdfast::http {

/// How long the server waits for a peer. A peer that is too slow is cut off without an answer: nobody is
/// listening.
struct Timeouts {
  std::chrono::nanoseconds head =
      std::chrono::seconds(10);  ///< from a request's first byte to the end of its head
  std::chrono::nanoseconds idle = std::chrono::seconds(60);  ///< between requests of a kept-alive connection
  /// A body may take this long, and one second more per `min_body_rate` bytes that have arrived. Only waiting
  /// for the sender counts, not what the handler takes.
  std::chrono::nanoseconds body = std::chrono::seconds(20);
  std::uint64_t min_body_rate_bytes = 4096;
  std::chrono::nanoseconds write = std::chrono::seconds(20);  ///< for each 64 KiB of a response
  /// For the peer's own end after ours: without it a reset could overtake the response.
  std::chrono::nanoseconds linger = std::chrono::seconds(2);
};

struct ServerOptions {
  Timeouts timeouts;
  // More than these over all listeners (but for those with `has_own_load`) is answered 503 `overloaded` with
  // Retry-After.
  /// Requests being handled at once: those that still wait for their body do not count.
  std::size_t max_active_requests = 4096;
  /// Requests whose body has not arrived yet, each of at most its row's limit (64 KiB as a rule); and of one
  /// address, so that slow senders do not keep others away.
  std::size_t max_waiting_bodies = 8192;
  std::size_t max_waiting_bodies_of_one_address = 1024;
  /// Streams (uploads and downloads), which hold a piece of up to 1 MiB twice each.
  std::size_t max_streams = 256;
  std::size_t max_streams_of_one_address = 64;
  /// A listener beyond its connections closes those that have waited longest for a request, if for this long.
  /// Where there is none, the newcomer's first request is answered 503 and its connection closed.
  std::chrono::nanoseconds shed_after = std::chrono::seconds(1);
  /// One line per request with the route template, never the path.
  bool access_log = true;
};

/// Checks the caller's credentials against what the row asks and says who it is (`Principal::of(…)`, kept in
/// Request::principal). Not called for `open` rows; called before the body is read.
using Authenticator = std::function<async::Task<Result<Principal>>(const Request* request, AuthLevel level)>;

/// What a request needs before this server can answer it at all (data that is still on its way). Awaited
/// after `admit` and before credentials are looked at; not for `always` rows.
using Preparation = std::function<async::Task<Result<>>(const Request* request)>;

/// One listener: where it listens, what it serves, and for whom.
struct ListenerOptions {
  net::ListenOptions listen;  ///< the server sets `make_room`
  /// Shared, so that a listener and its PROXY-protocol twin serve the same table.
  std::shared_ptr<const Router> router;
  /// The names that Host may carry (without port, any case; IPv6 addresses in brackets). Others: 421
  /// `unknown_host`.
  std::vector<std::string> host_names;
  /// Its requests count for themselves, against the same bounds: what floods the other listeners does not
  /// lock out who comes here.
  bool has_own_load = false;
  /// Absent: every row that is not `open` answers 401.
  Authenticator authenticate;
  /// Rate limits; asked after routing, before credentials. Its error is answered by the row's renderer.
  std::function<Result<>(const Request& request)> admit;
  Preparation prepare;
  /// Makes every error response that no row makes; absent: text/plain.
  ErrorRenderer errors;
  /// Gets every response of this listener, after the row's decorator.
  Decorator decorate;
  /// Asked before each response; true ends the connection behind it. At a secondary whose primary lives this
  /// makes clients drift home.
  std::function<bool()> close_after_response;
};

/// Serves HTTP/1.0 and 1.1 on its listeners: strict at the edge, keep-alive, bodies with back-pressure, a
/// deadline for every wait.
///
/// Thread: member functions from any thread but the pool's, one at a time. A connection lives on the core
/// that accepted it; its requests are handled one after the other, what is pipelined behind waits in at most
/// one buffer. Lifetime: destroy it before the pool and before what handlers use.
class Server {
 public:
  explicit Server(async::IoPool& pool, ServerOptions options = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Cancels what still runs and waits for it.
  ~Server();

  /// Binds a listener and gives its port; nothing is accepted before start(). Errors as net::Listener::open.
  Result<std::uint16_t> listen(ListenerOptions options);
  void start();

  /// Graceful end: no new connections, idle ones are closed, each running request is finished and its
  /// connection closed behind the response. What has not ended within `grace` is cancelled. Blocks until
  /// nothing runs; true if nothing had to be cancelled.
  bool stop(std::chrono::nanoseconds grace);

  [[nodiscard]] bool stopping() const;
  [[nodiscard]] std::size_t active_requests() const;
  [[nodiscard]] std::size_t connections() const;
  /// Of them those that wait for a request.
  [[nodiscard]] std::size_t idle_connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::http
