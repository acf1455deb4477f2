#include "holdfast/app/serve.h"

#include <malloc.h>
#include <signal.h>

#include "core_dumps.h"
#include "foundation.h"
#include "front.h"
#include "granted_token.h"
#include "heap_trim.h"
#include "holdfast/base/log.h"
#include "holdfast/crypto/random.h"
#include "holdfast/crypto/x509.h"
#include "holdfast/identity/operator_rules.h"
#include "holdfast/replication/joining.h"
#include "holdfast/replication/replication.h"
#include "host_and_port.h"
#include "maintenance.h"
#include "metrics_token.h"
#include "premises.h"
#include "readiness.h"
#include "routes.h"
#include "service_manager.h"
#include "signals.h"
#include "watchdog.h"

namespace holdfast::app {
namespace {

constexpr std::chrono::seconds readiness_interval{1};
constexpr std::chrono::seconds trim_interval{2};

/// Object bytes pass through buffers of a megabyte. glibc would give each back to the kernel and take it
/// again, zeroed page by page: a third of the time of a download (measured). Each of its few arenas keeps
/// this much.
constexpr int kept_free_bytes = 16 * 1024 * 1024;
constexpr int mapped_from_bytes = 4 * 1024 * 1024;

void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, mapped_from_bytes);
  mallopt(M_TRIM_THRESHOLD, kept_free_bytes);
}

Result<net::PeerTls> peer_tls(const Stores& stores) {
  TRY(auto certificate,
      crypto::self_signed_certificate(stores.node_key, stores.node.region.str(), system_clock().now()));
  return net::PeerTls::create(
      {.certificate_pem = std::move(certificate), .private_key_pem = stores.node_key.private_key_pem()});
}

Result<std::unique_ptr<replication::Replication>> open_replication(const Config& config, Foundation& base,
                                                                   replication::JoinDesk& desk) {
  TRY(auto tls, peer_tls(base.stores));
  TRY(auto node, base.stores.local->node());
  const auto [host, port] = split_address(config.replication_listener.address);
  return replication::Replication::open({.io = base.io,
                                         .disk = base.disk,
                                         .clock = base.clock,
                                         .data = base.stores.directory,
                                         .core = *base.stores.core,
                                         .local = *base.stores.local,
                                         .blobs = base.blobs,
                                         .ring = base.ring,
                                         .authority = *base.authority,
                                         .members = *base.members,
                                         .state = base.state,
                                         .peers = base.peers,
                                         .facts = *base.facts,
                                         .demand = base.blob_demand,
                                         .writer = base.writer,
                                         .desk = desk,
                                         .tls = std::move(tls),
                                         .node = *std::move(node)},
                                        {.listen_address = host,
                                         .listen_port = port,
                                         .build = HOLDFAST_VERSION,
                                         .log_cap_bytes = config.log_cap_bytes,
                                         .snapshot_bytes_per_second = config.snapshot_rate_bytes,
                                         .blob_bytes_per_second = config.blob_rate_bytes});
}

/// The admin token that `join` drew for its own region, so that there is one when the primary is gone.
auto newcomer_tokens() {
  return [](storage::Transaction& transaction, const replication::JoinDesk::NewcomerToken& newcomer) {
    const WallTime now = system_clock().now();
    identity::OperatorService::put_token(transaction, newcomer.hash,
                                         {.id = crypto::random_uuid(),
                                          .name = "join",
                                          .operator_id = newcomer.operator_id,
                                          .scopes = {std::string(identity::admin_scope::admin)},
                                          .region = newcomer.region,
                                          .created_at = now,
                                          .expires_at = now + identity::default_admin_token_lifetime});
  };
}

Result<> trim_heap(HeapTrim& trim, const Front& front) {
  if (trim.is_due(front.client_connections())) malloc_trim(0);
  return {};
}

/// Runs until told to end; SIGHUP re-reads the certificate.
void stay_up(const Signals& signals, Front& front, ServiceManager& manager) {
  for (int number = signals.wait(); number == SIGHUP; number = signals.wait()) {
    manager.reloading();
    if (const auto reloaded = front.reload_certificate(); !reloaded) {
      log::error("the certificate was not reloaded: the old one stays", reloaded.error());
    } else {
      log::info("certificate reloaded");
    }
    manager.ready();
  }
}

}  // namespace

Result<> serve(const Config& config, const ServeOptions& options) {
  TRY_VOID(forbid_core_dumps());
  log::configure(config.log_format, config.log_level);
  keep_freed_memory();
  const Signals signals;
  auto manager = ServiceManager::from_environment();
  TRY_VOID(check_premises(config));
  TRY(const auto base, Foundation::open(config, {.require_peers = config.boot_requires_peers,
                                                 .force_primary = options.force_primary}));
  TRY(const auto services, Services::open(config, *base));
  replication::JoinDesk desk({.core = *base->stores.core,
                              .members = *base->members,
                              .writer = base->writer,
                              .clock = base->clock,
                              .key = base->stores.node_key,
                              .root = base->stores.root.copy(),
                              .put_admin_token = newcomer_tokens()});
  TRY(const auto replication, open_replication(config, *base, desk));
  TRY(auto stored_metrics_token, load_metrics_token(*base->stores.local));
  api::OwnMetricsToken metrics_token(std::move(stored_metrics_token),
                                     [&base] { return erase_metrics_token(*base->stores.local); });
  Readiness readiness(readiness_checks(*base, *services->identity));
  TRY(const auto front,
      Front::open(config, *base,
                  make_routes(config, *base, *services, desk, *replication, metrics_token, readiness)));
  HeapTrim trim;
  Maintenance maintenance(*base);
  services->add_duties(config, maintenance);
  if (!options.admin_token_file.empty()) {
    maintenance.run(grant_admin_token(base.get(), &services->identity->operators, options.admin_token_file));
  }
  maintenance.every(readiness_interval, "readiness", [&readiness] { return readiness.look(), Result<>(); });
  maintenance.every(trim_interval, "trim", [&] { return trim_heap(trim, *front); });
  const auto told = base->state.on_change(
      [&manager](const region::RegionView& view) { manager.status(status_line(view)); });
  TRY_VOID(base->authority->start());
  replication->start();
  readiness.look();
  front->start();
  const Watchdog watchdog(manager, vitals_of(*base));
  manager.status(status_line(base->state.view()));
  manager.ready();
  log::info("serving", {{"region", config.region},
                        {"role", region::to_string(base->state.role())},
                        {"version", HOLDFAST_VERSION}});

  stay_up(signals, *front, manager);

  manager.stopping();
  log::info("stopping", {{"drainSeconds", config.drain_timeout.count()}});
  front->stop();
  replication->stop();
  maintenance.stop();
  log::info("stopped");
  return {};
}

}  // namespace holdfast::app
