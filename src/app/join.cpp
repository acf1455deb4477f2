#include "holdfast/app/join.h"

#include <algorithm>

#include "core_dumps.h"
#include "holdfast/async/block_on.h"
#include "holdfast/async/io_pool.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/files.h"
#include "holdfast/base/text.h"
#include "holdfast/crypto/random.h"
#include "holdfast/identity/operator_rules.h"
#include "holdfast/replication/joining.h"
#include "holdfast/storage/root_wrap.h"
#include "metrics_token.h"
#include "own_member.h"
#include "region_files.h"
#include "stores.h"

namespace holdfast::app {
namespace {

constexpr std::chrono::seconds join_limit{30};

/// The settings with the issuer in front, which the cluster says and the joiner need not know.
std::vector<Override> with_issuer(const std::vector<Override>& settings, const std::string& issuer_base) {
  std::vector<Override> all = {{"issuer_base", issuer_base}};
  std::ranges::copy_if(settings, std::back_inserter(all),
                       [](const Override& one) { return one.first != "issuer_base"; });
  return all;
}

Result<replication::JoinToken> read_token(const JoinOptions& options) {
  TRY(auto text, read_file(options.token_file));
  const Secret secret(std::move(text));
  TRY(auto token, replication::JoinToken::decode(trim(secret.expose())));
  const auto region = std::ranges::find(options.settings, "region", &Override::first);
  if (region == options.settings.end() || region->second != token.node.str()) {
    return fail(ErrorKind::invalid, "invalid_argument",
                "the join token is for region \"" + token.node.str() + "\"");
  }
  return token;
}

Result<replication::Joined> ask_primary(replication::JoinToken token, region::Member member,
                                        const crypto::NodeKey& key, Bytes admin_token_hash) {
  async::IoPool io(1);
  return async::block_on(io.executor(0),
                         replication::join_cluster({.token = std::move(token),
                                                    .node = std::move(member),
                                                    .key = key,
                                                    .admin_token_hash = std::move(admin_token_hash)},
                                                   system_clock().now(), join_limit));
}

/// The root key, wrapped for this region by the very primary that the token pins.
Result<storage::RootKey> take_root(const replication::Joined& joined, BytesView primary_spki_hash,
                                   crypto::KeyWrapper& region_key) {
  const auto primary = std::ranges::find(joined.members, primary_spki_hash, &region::Member::spki_hash);
  if (primary == joined.members.end()) {
    return fail(ErrorKind::corrupt, "join_refused", "the primary is missing from its own node table");
  }
  TRY(const auto row, storage::WrapRow::decode(joined.root_wrap));
  TRY_VOID(storage::verify_wrap(joined.cluster.id, row, primary->node_spki));
  return storage::unwrap_root(row, region_key, row.root_pin);
}

Result<> make_empty_stores(const Config& config, const replication::Joined& joined,
                           const storage::RootKey& root, storage::NodeIdentity node,
                           crypto::KeyWrapper& region_key) {
  TRY(auto directory, storage::DataDirectory::create(config.data_dir));
  TRY(const auto generation, directory.create_first_generation());
  TRY(auto local, storage::LocalDb::open({.path = directory.local_db(), .create = true}, region_key));
  TRY_VOID(local->set_node(node));
  TRY_VOID(local->set_root_pin(root.id, root.pin()));
  TRY_VOID(local->set_standing({.role = "secondary"}));
  TRY_VOID(replication::store_bootstrap(*local, joined));
  TRY_VOID(
      make_metrics_token(*local, config.file.parent_path() / metrics_token_file_name, system_clock().now()));
  TRY_VOID(storage::CoreDb::open({.path = generation.core_db(), .create = true}));
  return {};
}

}  // namespace

Result<JoinReport> join_region(const JoinOptions& options) {
  TRY_VOID(forbid_core_dumps());
  TRY(auto token, read_token(options));
  const Bytes primary_spki_hash = token.primary_spki_hash;
  // Everything that can be refused here is refused before the token is used up.
  TRY(const auto draft, compose_config(options.dir, with_issuer(options.settings, "https://localhost")));
  if (std::filesystem::exists(draft.config.data_dir) && !std::filesystem::is_empty(draft.config.data_dir)) {
    return fail(ErrorKind::conflict, "data_directory_not_empty",
                draft.config.data_dir.string() + ": is not empty");
  }
  TRY_VOID(check_room(draft.config));
  TRY_VOID(place_tls_files(draft.config, options.tls));
  TRY(auto region_key, make_region_key(draft.config));
  TRY(const auto node_key, crypto::NodeKey::generate());
  const std::string node_id = crypto::random_uuid();
  const auto member = own_member(draft.config, node_id, node_key, region_key, system_clock().now());
  const Secret admin_token = identity::new_admin_token(crypto::system_entropy());
  TRY(const auto joined,
      ask_primary(std::move(token), member, node_key, identity::admin_token_hash(admin_token.expose())));

  TRY(const auto root, take_root(joined, primary_spki_hash, region_key));
  TRY(const auto composed,
      compose_config(options.dir, with_issuer(options.settings, joined.cluster.issuer_base)));
  storage::NodeIdentity node{.cluster = joined.cluster.id,
                             .node_id = node_id,
                             .region = RegionName(composed.config.region),
                             .node_key = node_key.private_bytes()};
  TRY_VOID(make_empty_stores(composed.config, joined, root, std::move(node), region_key));
  JoinReport report{.config_file = composed.config.file,
                    .metrics_token_file = options.dir / metrics_token_file_name,
                    .primary = {},
                    .admin_token_file = {}};
  if (joined.admin_token_kept) {
    report.admin_token_file = options.dir / "admin-token";
    TRY_VOID(write_private_file(report.admin_token_file, std::string(admin_token.expose()) + "\n"));
  }
  TRY_VOID(write_public_file(composed.config.file, composed.text));
  const auto primary = std::ranges::find(joined.members, primary_spki_hash, &region::Member::spki_hash);
  report.primary = primary->name.str();
  return report;
}

}  // namespace holdfast::app
