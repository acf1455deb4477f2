#include "holdfast/app/init.h"

#include "core_dumps.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/encoding.h"
#include "holdfast/base/files.h"
#include "holdfast/crypto/random.h"
#include "holdfast/identity/operator_rules.h"
#include "holdfast/identity/operator_service.h"
#include "holdfast/region/cluster_record.h"
#include "holdfast/region/members.h"
#include "holdfast/region/terms.h"
#include "holdfast/storage/committer.h"
#include "holdfast/storage/root_wrap.h"
#include "metrics_token.h"
#include "own_member.h"
#include "region_files.h"
#include "stores.h"

namespace holdfast::app {
namespace {

constexpr storage::Term first_term{.reign = 1, .incarnation = 1};

/// The first operator and the token that goes into a file; of the token only its hash is stored.
struct FirstAdministrator {
  identity::Operator person;
  identity::AdminToken token;
  Secret secret;
};

Result<FirstAdministrator> first_administrator(const InitOptions& options, const std::string& region,
                                               WallTime now) {
  const auto& given = options.administrator;
  FirstAdministrator made{.person = {.id = crypto::random_uuid(),
                                     .name = given.name,
                                     .email = given.email,
                                     .phone = given.phone,
                                     .created_at = now},
                          .token = {},
                          .secret = identity::new_admin_token(crypto::system_entropy())};
  if (auto checked = identity::check_operator(made.person); !checked) {
    return fail(ErrorKind::invalid, "invalid_argument", checked.error().message);
  }
  made.token = {.id = crypto::random_uuid(),
                .name = "init",
                .operator_id = made.person.id,
                .scopes = {std::string(identity::admin_scope::admin)},
                .region = options.cluster_wide_token ? RegionName() : RegionName(region),
                .created_at = now,
                .expires_at = now + identity::default_admin_token_lifetime};
  return made;
}

void put_administrator(storage::Transaction& transaction, const FirstAdministrator& administrator) {
  identity::OperatorService::put_operator(transaction, administrator.person);
  identity::OperatorService::put_token(transaction, identity::admin_token_hash(administrator.secret.expose()),
                                       administrator.token);
}

Result<> check_options(const InitOptions& options) {
  if (options.tls.certificate.empty() != options.tls.key.empty()) {
    return fail(ErrorKind::invalid, "invalid_argument",
                "a certificate and its key are given together or not at all");
  }
  return {};
}

/// Whatever key lies there may be another cluster's last resort.
Result<> check_recovery_key_file(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return {};
  return fail(ErrorKind::conflict, "already_exists",
              file.string() + " exists already: give another --recovery-key-file");
}

/// local.db with this region's identity and the pin of the root key.
Result<storage::NodeIdentity> found_node(storage::LocalDb& local, const Config& config,
                                         const crypto::NodeKey& key, const storage::RootKey& root) {
  storage::NodeIdentity node{.cluster = ClusterId(to_hex(crypto::random_bytes(16))),
                             .node_id = crypto::random_uuid(),
                             .region = RegionName(config.region),
                             .node_key = key.private_bytes()};
  TRY_VOID(local.set_node(node));
  TRY_VOID(local.set_root_pin(root.id, root.pin()));
  TRY_VOID(local.set_standing({.role = "primary", .highest_seen = first_term.reign}));
  return node;
}

/// Everything that a cluster begins with, in one transaction.
Result<storage::Transaction> founding(const Config& config, const Stores& stores,
                                      const storage::RootKey& root, const crypto::RsaRegionKey& recovery,
                                      const FirstAdministrator& administrator, WallTime now) {
  auto transaction = stores.core->transaction();
  for (const auto& scope : {storage::Scope::system(), storage::Scope::blinding(), storage::Scope::token()}) {
    stores.core->keys()->create_key(transaction, scope, now);
  }
  const auto& node = stores.node;
  TRY_VOID(region::create_cluster_record(
      transaction, {.id = node.cluster, .issuer_base = config.issuer_base, .created = now}));
  TRY_VOID(region::Members::put(transaction,
                                own_member(config, node.node_id, stores.node_key, stores.region_key, now)));
  const storage::WrapTarget targets[] = {
      {.kind = storage::WrapTarget::Kind::member,
       .name = config.region,
       .wrapping_key_der = stores.region_key.public_key_der()},
      {.kind = storage::WrapTarget::Kind::recovery,
       .name = "recovery",
       .wrapping_key_der = recovery.public_key_der()},
  };
  for (const auto& target : targets) {
    TRY(const auto wrap, storage::wrap_root(node.cluster, root, target, stores.node_key, now));
    storage::put_wrap(transaction, wrap);
  }
  put_administrator(transaction, administrator);
  TRY_VOID(
      region::put_term(transaction, region::first_term(node.cluster, node.region, stores.node_key, now)));
  return transaction;
}

Result<Stores> make_stores(const Config& config, const storage::RootKey& root) {
  TRY(auto region_key, make_region_key(config));
  TRY(auto directory, storage::DataDirectory::create(config.data_dir));
  TRY(const auto generation, directory.create_first_generation());
  TRY(auto local, storage::LocalDb::open({.path = directory.local_db(), .create = true}, region_key));
  TRY(auto node_key, crypto::NodeKey::generate());
  TRY(auto node, found_node(*local, config, node_key, root));
  TRY(auto core, storage::CoreDb::open({.path = generation.core_db(), .create = true}));
  TRY_VOID(core->unlock(node.cluster, root.copy()));
  return Stores{.directory = std::move(directory),
                .region_key = std::move(region_key),
                .local = std::move(local),
                .node = std::move(node),
                .node_key = std::move(node_key),
                .root = root.copy(),
                .core = std::move(core)};
}

Result<> found_cluster(const Config& config, const FirstAdministrator& administrator,
                       const InitReport& report, WallTime now) {
  const auto root = storage::RootKey::generate(1);
  TRY(const auto stores, make_stores(config, root));
  TRY(const auto recovery, crypto::RsaRegionKey::generate());
  TRY(const auto recovery_pem, recovery.to_pem());
  TRY_VOID(write_private_file(report.recovery_key_file, recovery_pem.expose()));
  storage::Committer committer(*stores.core, system_clock(),
                               {.free_space_floor_bytes = config.free_space_floor_bytes});
  TRY_VOID(committer.begin(first_term));
  TRY(auto transaction, founding(config, stores, root, recovery, administrator, now));
  TRY_VOID(committer.commit_and_wait(std::move(transaction)));
  TRY_VOID(make_metrics_token(*stores.local, report.metrics_token_file, now));
  return write_private_file(report.admin_token_file, std::string(administrator.secret.expose()) + "\n");
}

}  // namespace

Result<InitReport> init_region(const InitOptions& options) {
  TRY_VOID(forbid_core_dumps());
  TRY_VOID(check_options(options));
  TRY(const auto composed, compose_config(options.dir, options.settings));
  const Config& config = composed.config;
  InitReport report{
      .config_file = config.file,
      .recovery_key_file =
          options.recovery_key_file.empty() ? options.dir / "recovery.key" : options.recovery_key_file,
      .admin_token_file = options.dir / "admin-token",
      .metrics_token_file = options.dir / metrics_token_file_name,
  };
  TRY_VOID(check_recovery_key_file(report.recovery_key_file));
  const WallTime now = system_clock().now();
  TRY(const auto administrator, first_administrator(options, config.region, now));
  TRY_VOID(check_room(config));
  TRY_VOID(place_tls_files(config, options.tls));
  TRY_VOID(found_cluster(config, administrator, report, now));
  TRY_VOID(write_public_file(report.config_file, composed.text));
  return report;
}

}  // namespace holdfast::app
