#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "foundation.h"
#include "holdfast/app/config.h"
#include "holdfast/http/server.h"
#include "holdfast/net/tls_context.h"

namespace holdfast::app {

/// One client-facing listener as the composition root sees it: who may call, and what is there.
struct FrontListener {
  std::shared_ptr<const http::Router> router;
  http::Authenticator authenticate;
  http::Preparation prepare;
  http::ErrorRenderer errors;
  http::Decorator decorate;
};

struct FrontListeners {
  FrontListener public_listener;
  FrontListener objects;
  FrontListener admin;
};

/// The HTTPS side of a region: public, objects and admin listeners, the first two also behind a front door
/// (PROXY v2).
class Front {
 public:
  /// Binds every listener; nothing is accepted yet. Errors: `port_in_use`, and check_premises'.
  static Result<std::unique_ptr<Front>> open(const Config& config, Foundation& foundation,
                                             FrontListeners listeners);

  void start() { server_.start(); }
  /// Re-reads certificate and key; on an error the old ones stay.
  Result<> reload_certificate();
  /// Of public and objects, at this moment; from any thread.
  [[nodiscard]] std::size_t client_connections() const { return *client_connections_; }
  /// Finishes what runs, for at most the configured time.
  void stop();

 private:
  Front(const Config& config, Foundation& foundation, std::unique_ptr<net::ServerTls> tls,
        std::size_t connections);
  struct Socket {
    std::string name;
    std::string address;      ///< "IP:PORT"
    bool is_proxied = false;  ///< a front door's: every connection begins with PROXY v2
  };
  Result<> listen(std::string_view name, const ListenerConfig& where, const FrontListener& what);
  Result<> bind(const Socket& socket, const ListenerConfig& where, const FrontListener& what);
  void bound_connections(std::string_view name, net::ListenOptions& listen);

  const Config& config_;
  Foundation& foundation_;
  std::unique_ptr<net::ServerTls> tls_;
  const std::size_t most_client_connections_;
  /// Of public and objects together, for limits.connections.
  std::shared_ptr<std::atomic<std::size_t>> client_connections_ =
      std::make_shared<std::atomic<std::size_t>>(0);
  http::Server server_;
};

}  // namespace holdfast::app
