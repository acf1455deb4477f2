#include "rocks.h"

#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <vector>

#include "compaction_gate.h"
#include "error_guard.h"
#include "files.h"
#include "holdfast/base/damaged.h"
#include "holdfast/base/log.h"
#include "store_log.h"

namespace holdfast::storage {
namespace {

rocksdb::ColumnFamilyOptions family_options(const RocksTuning& tuning,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = tuning.write_buffer_bytes;
  options.compression = rocksdb::kNoCompression;  // sealed bytes do not compress
  // Rows of one table often come in the order of their keys (comments, audit events). With a place remembered
  // for each table (the two bytes that start a key) such a row finds its own in a few comparisons.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(2));
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
  table.cache_index_and_filter_blocks = true;  // or the resident size grows with the store
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::Env& env_of(const RocksTuning& tuning) {
  return tuning.env != nullptr ? *tuning.env : *rocksdb::Env::Default();
}

Result<> check_room_to_open(const CoreDbOptions& options, rocksdb::Env& env) {
  const auto free = free_bytes_of(env, options.path);
  if (free && *free < options.open_floor_bytes) {
    return fail(ErrorKind::storage_full, "storage_full", "the disk is too full to open the store",
                std::to_string(*free) + " bytes free");
  }
  return {};
}

/// RocksDB has no status of its own for a LOCK file that somebody holds: "While lock file: …" from another
/// process, "lock hold by current process…" from this one.
bool is_about_the_lock(const rocksdb::Status& status) {
  const std::string_view state = status.getState() == nullptr ? "" : status.getState();
  return status.IsIOError() && (state.starts_with("While lock file") || state.starts_with("lock hold by"));
}

/// Frames carry family numbers, so RocksDB's own ids must be ours.
Result<> check_families(const RocksStore& store) {
  for (std::size_t number = 0; number < family_count; ++number) {
    if (store.families[number]->GetID() != number) {
      return fail(ErrorKind::corrupt, "family_map_mismatch", "the store has other families than this version",
                  std::string(family_names[number]));
    }
  }
  return {};
}

Result<Head> recovered_head(const RocksStore& store) {
  std::string value;
  const auto status = store.db->Get({}, store.family(Family::standard), to_slice(head_key), &value);
  if (status.ok()) return Head::decode(value);
  if (!status.IsNotFound()) return fail(to_error(status, "read head"));
  if (store.db->GetLatestSequenceNumber() == 0) return Head{};
  return damaged("rows without a head record");
}

}  // namespace

RocksStore::~RocksStore() {
  if (!db) return;
  gate->end();
  for (auto* handle : families) {
    if (handle != nullptr) db->DestroyColumnFamilyHandle(handle);
  }
  const auto status = db->Close();
  if (!status.ok()) log::warn("closing the store", {{"status", status.ToString()}});
}

Head RocksStore::applied() const {
  const std::scoped_lock lock(mutex_);
  return applied_;
}

Head RocksStore::durable() const {
  const std::scoped_lock lock(mutex_);
  return durable_;
}

void RocksStore::set_applied(const Head& head, bool synced) {
  const std::scoped_lock lock(mutex_);
  applied_ = head;
  if (synced) durable_ = head;
}

void RocksStore::set_durable(const Head& head) {
  const std::scoped_lock lock(mutex_);
  // A region that pulled its own tail may have begun a term, and synced its first batch, since `head` was
  // read.
  if (head.index > durable_.index) durable_ = head;
}

void RocksStore::retire() {
  gate->end();
  rocksdb::CancelAllBackgroundWork(db.get(), true);
}

Result<> prepare_store_directory(const std::filesystem::path& path, bool create, rocksdb::Env& env) {
  const bool there = env.FileExists(path / "CURRENT").ok();
  if (create && there) {
    return fail(ErrorKind::conflict, "store_exists", "the store exists already", path);
  }
  if (!create && !there) return fail(ErrorKind::not_found, "store_missing", "there is no store", path);
  return create ? files::make_directory(path) : Result<>{};
}

Error to_error(const rocksdb::Status& status, std::string_view doing) {
  Error error{.kind = ErrorKind::internal,
              .code = "internal",
              .message = "internal error",
              .detail = std::string(doing) + ": " + status.ToString()};
  if (status.IsCorruption()) {
    error.kind = ErrorKind::corrupt;
    error.code = "corrupt";
    error.message = "stored or received data is damaged";
  } else if (status.IsNoSpace()) {
    error.kind = ErrorKind::storage_full;
    error.code = "storage_full";
    error.message = "the disk is full";
  } else if (status.IsBusy() || is_about_the_lock(status)) {
    error.kind = ErrorKind::unavailable;
    error.code = "store_in_use";
    error.message = "another process uses the store";
  }
  return error;
}

Result<std::uint64_t> free_bytes_of(rocksdb::Env& env, const std::filesystem::path& path) {
  std::uint64_t free = 0;
  const auto status = env.GetFreeSpace(path, &free);
  if (!status.ok()) return fail(to_error(status, "free space"));
  return free;
}

Result<> check_free_bytes(rocksdb::Env& env, const std::filesystem::path& path, std::uint64_t floor_bytes) {
  const auto free = free_bytes_of(env, path);
  if (!free || *free >= floor_bytes) return {};
  return fail(ErrorKind::storage_full, "storage_full", "the disk is too full to write",
              std::to_string(*free) + " bytes free");
}

Result<std::shared_ptr<RocksStore>> open_rocks_store(const CoreDbOptions& options, const RocksTuning& tuning,
                                                     std::shared_ptr<ErrorGuard> guard) {
  TRY_VOID(prepare_store_directory(options.path, options.create, env_of(tuning)));
  TRY_VOID(check_room_to_open(options, env_of(tuning)));
  auto store = std::make_shared<RocksStore>();
  store->path = options.path;
  store->guard = guard ? std::move(guard) : std::make_shared<ErrorGuard>();

  store->gate = std::make_shared<CompactionGate>(apply_floor_bytes);

  auto db_options = rocks_db_options(tuning, store->guard);
  db_options.listeners.push_back(store->gate);
  db_options.info_log = store_log_of(options.path, tuning.read_only);
  db_options.create_if_missing = options.create;
  db_options.create_missing_column_families = options.create;
  const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  descriptors.reserve(family_count);
  for (const auto name : family_names)
    descriptors.emplace_back(std::string(name), family_options(tuning, cache));

  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const auto status = tuning.read_only
                          ? rocksdb::DB::OpenForReadOnly(db_options, options.path, descriptors, &handles, &db)
                          : rocksdb::DB::Open(db_options, options.path, descriptors, &handles, &db);
  if (!status.ok()) return fail(to_error(status, "open"));
  store->db.reset(db);
  store->gate->begin();
  std::ranges::copy(handles, store->families.begin());

  TRY_VOID(check_families(*store));
  TRY(const auto head, recovered_head(*store));
  store->set_applied(head, true);  // what recovery kept it has also flushed and synced
  return store;
}

}  // namespace holdfast::storage
