#include "front.h"

#include "file_limit.h"
#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"
#include "holdfast/crypto/x509.h"
#include "host_and_port.h"
#include "premises.h"

namespace holdfast::app {
namespace {

metrics::Metric certificate_ends{metrics::Kind::gauge, "holdfast_tls_certificate_expiry_timestamp_seconds",
                                 "When the certificate of the public, objects and admin listeners ends."};

void note_expiry(const net::TlsIdentity& identity) {
  if (const auto ends = crypto::certificate_expiry(identity.certificate_pem))
    certificate_ends.set(to_seconds(*ends));
}

std::vector<std::string> host_names(const Config& config, std::string_view listener) {
  std::vector<std::string> names = config.hosts;
  if (listener == "admin") names.emplace_back("127.0.0.1");
  return names;
}

}  // namespace

Front::Front(const Config& config, Foundation& foundation, std::unique_ptr<net::ServerTls> tls,
             std::size_t connections)
    : config_(config),
      foundation_(foundation),
      tls_(std::move(tls)),
      most_client_connections_(connections),
      server_(foundation.io, {.timeouts = {.head = config.head_time,
                                           .idle = config.idle_time,
                                           .body = config.body_time,
                                           .write = config.write_time}}) {}

Result<std::unique_ptr<Front>> Front::open(const Config& config, Foundation& foundation,
                                           FrontListeners listeners) {
  TRY(const auto identity, read_tls_identity(config));
  TRY(auto tls, make_server_tls(config, identity));
  note_expiry(identity);
  TRY(const auto connections, fit_connections(config.max_connections));
  std::unique_ptr<Front> front(new Front(config, foundation, std::move(tls), connections));
  TRY_VOID(front->listen("public", config.public_listener, listeners.public_listener));
  TRY_VOID(front->listen("objects", config.objects_listener, listeners.objects));
  TRY_VOID(front->listen("admin", config.admin_listener, listeners.admin));
  return front;
}

Result<> Front::listen(std::string_view name, const ListenerConfig& where, const FrontListener& what) {
  if (!where.enabled) return {};
  TRY_VOID(bind({.name = std::string(name), .address = where.address, .is_proxied = false}, where, what));
  if (where.proxy_address.empty()) return {};
  return bind({.name = std::string(name) + "-proxied", .address = where.proxy_address, .is_proxied = true},
              where, what);
}

Result<> Front::bind(const Socket& socket, const ListenerConfig& where, const FrontListener& what) {
  const auto [host, port] = split_address(socket.address);
  http::ListenerOptions options{.router = what.router,
                                .host_names = host_names(config_, socket.name),
                                .has_own_load = socket.name == "admin",
                                .authenticate = what.authenticate,
                                .prepare = what.prepare,
                                .errors = what.errors,
                                .decorate = what.decorate};
  options.listen = {.name = socket.name,
                    .address = host,
                    .port = port,
                    .tls = [this] { return tls_->accept(); },
                    .proxy_protocol_required = socket.is_proxied,
                    .handshake_timeout = config_.handshake_time};
  bound_connections(socket.name, options.listen);
  for (const auto& range : where.trusted_proxies) {
    TRY(auto cidr, net::Cidr::parse(range));
    options.listen.trusted_proxies.push_back(std::move(cidr));
  }
  if (socket.is_proxied) {
    // Clients that a front door moved here while the primary was away go back with their next connection.
    options.close_after_response = [state = &foundation_.state] {
      const auto view = state->view();
      return view.role == region::Role::secondary && view.primary && view.primary->reachable;
    };
  }
  TRY_VOID(server_.listen(std::move(options)));
  log::info("listening", {{"listener", socket.name}, {"address", socket.address}});
  return {};
}

void Front::bound_connections(std::string_view name, net::ListenOptions& listen) {
  // A flood of clients must not lock the operators out.
  if (name == "admin") {
    listen.max_connections = listen.max_per_address = admin_connections;
  } else {
    listen.max_connections = most_client_connections_;
    listen.shared_open = client_connections_;
    listen.max_per_address = config_.max_connections_per_address;
    if (listen.max_per_address == 0) listen.max_per_address = most_client_connections_ / 2;
  }
  listen.reserve = reserve_of(listen.max_connections);
}

Result<> Front::reload_certificate() {
  TRY(const auto identity, read_tls_identity(config_));
  TRY_VOID(tls_->reload(identity));
  note_expiry(identity);
  return {};
}

void Front::stop() {
  if (!server_.stop(config_.drain_timeout))
    log::warn("requests were cut off: they did not end within limits.drain_seconds");
}

}  // namespace holdfast::app
