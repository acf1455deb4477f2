#include "stores.h"

#include <algorithm>

#include "ballast.h"
#include "holdfast/base/log.h"
#include "holdfast/region/cluster_record.h"
#include "holdfast/replication/joining.h"
#include "holdfast/storage/look.h"
#include "holdfast/storage/root_wrap.h"
#include "region_files.h"
#include "wrong_setting.h"

namespace holdfast::app {
namespace {

// CoreDb refuses to open below 48 MiB; local.db wants room as well.
constexpr std::uint64_t needed_to_open_bytes = 64UL * 1024 * 1024;

/// The data directory itself or, before it is made, what it will be made in.
std::filesystem::path nearest_existing(std::filesystem::path path) {
  while (path.has_relative_path() && !std::filesystem::exists(path)) path = path.parent_path();
  return path;
}

/// The wrapped root keys for all members: from the store or, before the first snapshot, what `join` was
/// given.
Result<std::vector<storage::WrapRow>> read_wraps(const storage::CoreDb& core, const storage::LocalDb& local) {
  std::vector<storage::WrapRow> rows;
  TRY_VOID(core.reader().scan(storage::root_wraps_table, "", "", 1024,
                              [&](BytesView, const storage::Stored& stored) {
                                if (auto row = storage::WrapRow::decode(stored.plain))
                                  rows.push_back(*std::move(row));
                              }));
  if (!rows.empty()) return rows;
  TRY(const auto bootstrap, replication::load_bootstrap(local));
  if (!bootstrap) return rows;
  TRY(auto row, storage::WrapRow::decode(bootstrap->root_wrap));
  rows.push_back(std::move(row));
  return rows;
}

/// The newest root key wrapped for this region. Its pin in local.db is what makes it ours: whoever wrote to
/// the disk cannot have planted another one. (Signatures of wrap rows are checked when a root is pinned.)
Result<storage::RootKey> find_root(const storage::CoreDb& core, const storage::LocalDb& local,
                                   const storage::NodeIdentity& node, crypto::KeyWrapper& region_key) {
  TRY(const auto rows, read_wraps(core, local));
  const storage::WrapRow* newest = nullptr;
  for (const auto& row : rows) {
    const bool is_ours = row.kind == storage::WrapTarget::Kind::member && row.name == node.region.str();
    if (is_ours && (newest == nullptr || row.root_id > newest->root_id)) newest = &row;
  }
  if (newest == nullptr)
    return fail(ErrorKind::corrupt, "root_key_missing", "the store holds no root key for this region");
  TRY(const auto pin, local.root_pin(newest->root_id));
  if (!pin)
    return fail(ErrorKind::corrupt, "root_pin_mismatch",
                "the store's root key is not the one this region pinned");
  return storage::unwrap_root(*newest, region_key, *pin);
}

/// A configured issuer that differs from the cluster's would make tokens that no other region accepts.
Result<> check_issuer(const Config& config, const storage::CoreDb& core) {
  TRY(const auto record, region::find_cluster_record(core.reader()));
  if (!record || record->issuer_base == config.issuer_base) return {};
  return wrong_setting(config.file, "issuer_base",
                       "the cluster's is \"" + record->issuer_base + "\", expected the same here");
}

Result<storage::NodeIdentity> own_identity(const Config& config, const storage::LocalDb& local) {
  TRY(auto node, local.node());
  if (!node)
    return wrong_setting(config.file, "data_dir", "was not made by `holdfast init` or `holdfast join`");
  if (node->region.str() == config.region) return *std::move(node);
  return wrong_setting(config.file, "region",
                       "the data directory belongs to region \"" + node->region.str() +
                           "\", expected that name here, or another data_dir");
}

/// Opens what is sealed. Gives the root key; proves that this region can read its data, and that it is the
/// cluster's that the configuration names.
Result<storage::RootKey> unlock(const Config& config, storage::CoreDb& core, const storage::LocalDb& local,
                                const storage::NodeIdentity& node, crypto::KeyWrapper& region_key) {
  TRY(auto root, find_root(core, local, node, region_key));
  TRY_VOID(core.unlock(node.cluster, root.copy()));
  TRY_VOID(check_issuer(config, core));
  return root;
}

Result<storage::Generation> current_generation(const Config& config,
                                               const storage::DataDirectory& directory) {
  TRY(auto generation, directory.current());
  if (!generation) return wrong_setting(config.file, "data_dir", "holds no store");
  return *std::move(generation);
}

Result<> look(const Config& config, const storage::DataDirectory& directory, crypto::KeyWrapper& region_key) {
  TRY(const auto local, storage::look_into_local(directory.local_db(), region_key));
  TRY(const auto node, own_identity(config, *local));
  TRY(const auto generation, current_generation(config, directory));
  TRY(const auto core, storage::look_into_core(generation.core_db()));
  TRY_VOID(unlock(config, *core, *local, node, region_key));
  return {};
}

/// Whether these are the stores of this configuration and this key, before one is opened for work, which
/// recovers and flushes it. Anything else that a look meets, like damage or a full disk, is for the opening
/// itself to judge: it can mend what reading cannot.
Result<> check_ownership(const Config& config, const storage::DataDirectory& directory,
                         crypto::KeyWrapper& region_key) {
  const auto seen = look(config, directory, region_key);
  const bool is_foreign =
      !seen && (seen.error().kind == ErrorKind::invalid || seen.error().code == "wrong_region_key" ||
                seen.error().code == "root_key_missing" || seen.error().code == "root_pin_mismatch");
  return is_foreign ? seen : Result<>();
}

}  // namespace

Result<Stores> open_stores(const Config& config) {
  TRY(auto region_key, load_region_key(config));
  TRY(auto directory, storage::DataDirectory::open(config.data_dir));
  TRY_VOID(check_ownership(config, directory, region_key));
  const Ballast ballast(directory.ballast(), config.ballast_bytes);
  TRY(const bool gave_up, ballast.give_up_below(needed_to_open_bytes));
  if (gave_up) log::warn("the disk is full: the ballast file was given up so that the stores can be opened");
  TRY_VOID(ballast.require(storage::CoreDbOptions().open_floor_bytes));
  TRY(auto local, storage::LocalDb::open({.path = directory.local_db()}, region_key));
  TRY(auto node, own_identity(config, *local));
  TRY(auto node_key, crypto::NodeKey::from_private_bytes(node.node_key));
  TRY(const auto generation, current_generation(config, directory));
  TRY(auto core, storage::CoreDb::open({.path = generation.core_db()}));
  TRY(auto root, unlock(config, *core, *local, node, region_key));
  if (const auto dropped = directory.drop_replaced(); !dropped)
    log::warn("the generation before an installed snapshot could not be removed",
              {{"error", dropped.error().describe()}});
  if (const auto kept = ballast.keep(config.free_space_floor_bytes); !kept)
    log::error("no ballast file", kept.error());
  return Stores{.directory = std::move(directory),
                .region_key = std::move(region_key),
                .local = std::move(local),
                .node = std::move(node),
                .node_key = std::move(node_key),
                .root = std::move(root),
                .core = std::move(core)};
}

Result<> check_room(const Config& config) {
  const auto place = nearest_existing(config.data_dir);
  std::error_code error;
  const auto space = std::filesystem::space(place, error);
  if (error) return fail(ErrorKind::internal, "internal", place.string() + ": " + error.message());
  const auto needed = std::max(config.free_space_floor_bytes, needed_to_open_bytes);
  if (space.available >= needed) return {};
  return fail(ErrorKind::storage_full, "storage_full",
              config.data_dir.string() + ": " + std::to_string(space.available) +
                  " bytes are free, at least " + std::to_string(needed) +
                  " are needed (storage.free_space_floor_bytes)");
}

}  // namespace holdfast::app
