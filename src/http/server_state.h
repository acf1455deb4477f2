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

/// A connection that may be waiting for its next request; touched on the connection's executor only.
struct IdleHandle {
  async::Executor executor;
  net::Connection* connection = nullptr;  ///< null once the session has ended
  bool idle = false;
};

/// What all sessions of a server share. Thread-safe; outlives them.
class ServerState {
 public:
  explicit ServerState(ServerOptions options);

  const ServerOptions options;
  std::atomic<bool> stopping = false;
  std::atomic<std::size_t> active = 0;
  async::Places waiting_bodies;
  async::Places streams;

  [[nodiscard]] bool is_overloaded() const {
    const auto most = options.max_active_requests;
    return active > most && active > most + waiting_bodies.taken();
  }

  /// Unique in this process's life and random across processes: 24 hexadecimal digits.
  std::string next_request_id();

  void enter(const std::shared_ptr<IdleHandle>& handle);
  void leave(const std::shared_ptr<IdleHandle>& handle);
  /// Closes, soon and on their executors, the connections that wait for a next request.
  void close_idle();

 private:
  const std::uint64_t nonce_;
  std::atomic<std::uint32_t> sequence_ = 0;
  std::mutex mutex_;
  std::unordered_set<std::shared_ptr<IdleHandle>> handles_;
};

/// A listener's options, prepared for its sessions.
struct ListenerState {
  ListenerOptions options;
  std::set<std::string, std::less<>> hosts;
};

/// A session for each connection that a listener accepts.
async::Task<> serve_connection(ServerState* server, const ListenerState* listener,
                               net::Connection connection);

}  // namespace holdfast::http
