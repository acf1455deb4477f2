#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_set>

#include "holdfast/async/places.h"
#include "holdfast/http/server.h"
#include "holdfast/net/connection.h"

namespace holdfast::http {

/// A connection that may be waiting for its next request.
struct IdleHandle {
  async::Executor executor;
  /// Null once the session has ended; touched on the executor only, as all the rest is written there.
  net::Connection* connection = nullptr;
  std::atomic<SteadyTime::rep> idle_since = 0;  ///< 0: not idle
  std::atomic<bool> is_shed = false;            ///< chosen to make room; also written by who chooses

  [[nodiscard]] bool is_idle() const { return idle_since != 0; }
};

/// 28 hexadecimal digits: `nonce`, which tells processes apart, and 48 bits of `sequence`, which at 100,000
/// requests a second begin anew after 89 years.
std::string request_id_of(std::uint64_t nonce, std::uint64_t sequence);

/// What the requests of some listeners hold together, and how much of it there is.
struct Load {
  explicit Load(const ServerOptions& bounds);

  const std::size_t most_active;
  std::atomic<std::size_t> active = 0;
  async::Places waiting_bodies;
  async::Places streams;

  [[nodiscard]] bool is_too_much() const {
    return active > most_active && active > most_active + waiting_bodies.taken();
  }
};

/// What all sessions of a server share. Thread-safe; outlives them.
class ServerState {
 public:
  explicit ServerState(ServerOptions options);

  const ServerOptions options;
  std::atomic<bool> stopping = false;
  Load load;  ///< of all listeners but those with their own

  std::string next_request_id();

  void enter(const std::shared_ptr<IdleHandle>& handle);
  void leave(const std::shared_ptr<IdleHandle>& handle);
  /// Closes, soon and on their executors, the connections that wait for a next request.
  void close_idle();
  /// The same for some of those that have waited longest: there are more connections than there may be.
  void shed_idle();
  [[nodiscard]] std::size_t count_idle() const;
  /// Connections that shed_idle has chosen and that still count as open.
  [[nodiscard]] std::size_t being_shed() const { return *being_shed_; }

 private:
  static void shed(IdleHandle& handle, std::atomic<std::size_t>& being_shed);

  const std::uint64_t nonce_;
  std::atomic<std::uint64_t> sequence_ = 0;
  mutable std::mutex mutex_;
  std::unordered_set<std::shared_ptr<IdleHandle>> handles_;
  SteadyTime next_shed_{};
  /// Shared: what is posted to an executor may run after this object's end.
  const std::shared_ptr<std::atomic<std::size_t>> being_shed_ = std::make_shared<std::atomic<std::size_t>>(0);
};

/// A listener's options, prepared for its sessions.
struct ListenerState {
  ListenerOptions options;
  std::set<std::string, std::less<>> hosts;
  const net::Listener* listener = nullptr;
  std::unique_ptr<Load> own_load;
  Load* load = nullptr;  ///< its own or the server's
};

/// A session for each connection that a listener accepts.
async::Task<> serve_connection(ServerState* server, const ListenerState* listener,
                               net::Connection connection);

}  // namespace holdfast::http
