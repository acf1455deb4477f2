#include "holdfast/storage/local_db.h"

#include <rocksdb/write_batch.h>

#include <algorithm>

#include "compaction_gate.h"
#include "error_guard.h"
#include "holdfast/base/codec.h"
#include "holdfast/base/damaged.h"
#include "holdfast/base/secret.h"
#include "holdfast/crypto/aead.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/crypto/key_wrap.h"
#include "holdfast/crypto/random.h"
#include "holdfast/storage/record.h"
#include "rocks.h"
#include "store_log.h"

namespace holdfast::storage {
namespace {

constexpr KeyId local_key_id = 1;
constexpr std::uint16_t local_version = 1;
/// Table 0 holds one clear row: the wrapped key of all other rows.
constexpr LocalTable local_key_table{0x0000, "local_key"};
enum LocalKeyField : std::uint8_t { local_wrapped = 1, local_target = 2 };

/// local.db uses the record format of core.db with this in place of the cluster id.
const ClusterId& local_place() {
  static const ClusterId id("local.db");
  return id;
}

Table as_table(std::uint16_t id) { return {.family = Family::standard, .id = id, .name = "local"}; }

Result<Secret> create_local_key(rocksdb::DB& db, const crypto::KeyWrapper& region_key) {
  auto key = crypto::random_secret(crypto::aead_key_size);
  const Bytes target = region_key.public_key_der();
  TRY(const auto wrapped, crypto::wrap_for(target, key));
  const Bytes row =
      FieldWriter().text(local_wrapped, wrapped).text(local_target, crypto::sha256(target)).take();
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto status =
      db.Put(options, full_key(as_table(local_key_table.id), {}), clear_record(local_version, row));
  if (!status.ok()) return fail(to_error(status, "create local.db"));
  return key;
}

Result<Secret> open_local_key(rocksdb::DB& db, const crypto::KeyWrapper& region_key) {
  std::string value;
  const auto status = db.Get({}, full_key(as_table(local_key_table.id), {}), &value);
  if (!status.ok()) {
    return damaged("local.db has no key row");
  }
  TRY(const auto stored, open_clear_record(value));
  TRY(const auto fields, FieldReader::parse(stored.plain));
  const auto wrong_key = [] {
    return fail(ErrorKind::corrupt, "wrong_region_key", "the region key does not open this region's data",
                "local.db");
  };
  if (fields.text(local_target) != crypto::sha256(region_key.public_key_der())) return wrong_key();
  auto key = region_key.unwrap(fields.text(local_wrapped));
  if (!key || key->expose().size() != crypto::aead_key_size) return wrong_key();
  return key;
}

Result<std::unique_ptr<rocksdb::DB>> open_local_store(const LocalDb::Options& options,
                                                      const RocksTuning& tuning,
                                                      const std::shared_ptr<ErrorGuard>& guard,
                                                      const std::shared_ptr<CompactionGate>& gate) {
  auto db_options = rocks_db_options(tuning, guard);
  db_options.listeners.push_back(gate);
  TRY_VOID(prepare_store_directory(options.path, options.create, *db_options.env));
  // Nobody reads this log: RocksDB may delete what it has flushed.
  db_options.WAL_ttl_seconds = 0;
  db_options.info_log = store_log_of(options.path, tuning.read_only);
  db_options.max_total_wal_size = 4UL * 1024 * 1024;
  db_options.create_if_missing = options.create;
  rocksdb::ColumnFamilyOptions family;
  family.write_buffer_size = 2UL * 1024 * 1024;
  family.compression = rocksdb::kNoCompression;
  rocksdb::DB* db = nullptr;
  const rocksdb::Options all(db_options, family);
  const auto status = tuning.read_only ? rocksdb::DB::OpenForReadOnly(all, options.path, &db)
                                       : rocksdb::DB::Open(all, options.path, &db);
  if (!status.ok()) return fail(to_error(status, "open local.db"));
  gate->begin();
  return std::unique_ptr<rocksdb::DB>(db);
}

}  // namespace

struct LocalDb::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { gate->end(); }

  std::shared_ptr<ErrorGuard> guard = std::make_shared<ErrorGuard>();
  std::shared_ptr<CompactionGate> gate = std::make_shared<CompactionGate>(local_floor_bytes);
  std::unique_ptr<rocksdb::DB> db;
  Secret key;

  [[nodiscard]] Bytes seal(std::uint16_t table, BytesView key_of_row, BytesView plain) const {
    const auto as = as_table(table);
    return seal_record({.cluster = local_place(), .table = as, .key = key_of_row}, local_key_id, key,
                       local_version, plain);
  }
  [[nodiscard]] Result<Bytes> open(std::uint16_t table, BytesView key_of_row, BytesView value) const {
    const auto as = as_table(table);
    TRY(auto stored, open_record({.cluster = local_place(), .table = as, .key = key_of_row}, key, value));
    return std::move(stored.plain);
  }
};

LocalDb::LocalDb(std::unique_ptr<State> state) : state_(std::move(state)) {}
LocalDb::~LocalDb() = default;

Result<std::unique_ptr<LocalDb>> LocalDb::open(const Options& options, const crypto::KeyWrapper& region_key) {
  return open_tuned(options, region_key, {});
}

Result<std::unique_ptr<LocalDb>> LocalDb::open_tuned(const Options& options,
                                                     const crypto::KeyWrapper& region_key,
                                                     const RocksTuning& tuning) {
  auto state = std::make_unique<State>();
  TRY(state->db, open_local_store(options, tuning, state->guard, state->gate));
  TRY(state->key,
      options.create ? create_local_key(*state->db, region_key) : open_local_key(*state->db, region_key));
  return std::unique_ptr<LocalDb>(new LocalDb(std::move(state)));
}

LocalDb::Batch& LocalDb::Batch::put(const LocalTable& table, BytesView key, BytesView plain) {
  rows_.push_back({.table = table.id, .key = Bytes(key), .plain = Secret(Bytes(plain))});
  return *this;
}

LocalDb::Batch& LocalDb::Batch::erase(const LocalTable& table, BytesView key) {
  rows_.push_back({.table = table.id, .key = Bytes(key), .plain = std::nullopt});
  return *this;
}

Result<> LocalDb::write(Batch batch) {
  if (const auto reason = state_->guard->failure()) {
    return fail(ErrorKind::unavailable, "storage_failed", "this region's storage failed; it needs a restart",
                *reason);
  }
  TRY_VOID(check_free_bytes(*state_->db->GetEnv(), state_->db->GetName(), local_floor_bytes));
  rocksdb::WriteBatch rows;
  for (const auto& row : batch.rows_) {
    const Bytes key = full_key(as_table(row.table), row.key);
    const auto status =
        row.plain ? rows.Put(key, state_->seal(row.table, row.key, row.plain->expose())) : rows.Delete(key);
    if (!status.ok()) return fail(to_error(status, "local.db"));
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto status = state_->db->Write(options, &rows);
  if (status.ok()) return {};
  state_->guard->fail(status.ToString());
  return fail(ErrorKind::outcome_unknown, "outcome_unknown", "it is not known whether this was written",
              "local.db: " + status.ToString());
}

Result<> LocalDb::put(const LocalTable& table, BytesView key, BytesView plain) {
  return write(std::move(Batch().put(table, key, plain)));
}

Result<> LocalDb::put_in_table(const LocalTable& table, BytesView key, BytesView plain) {
  TRY_VOID(put(table, key, plain));
  const auto status = state_->db->Flush(rocksdb::FlushOptions());
  if (!status.ok()) return fail(to_error(status, "flush local.db"));
  return {};
}

Result<> LocalDb::erase(const LocalTable& table, BytesView key) {
  return write(std::move(Batch().erase(table, key)));
}

Result<std::optional<Bytes>> LocalDb::find(const LocalTable& table, BytesView key) const {
  rocksdb::PinnableSlice value;
  const auto status =
      state_->db->Get({}, state_->db->DefaultColumnFamily(), full_key(as_table(table.id), key), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return fail(to_error(status, "read local.db"));
  return state_->open(table.id, key, to_view(value));
}

Result<> LocalDb::scan(const LocalTable& table, BytesView key_prefix, BytesView after, std::size_t limit,
                       const std::function<bool(BytesView key, BytesView plain)>& visitor) const {
  const Bytes prefix = full_key(as_table(table.id), key_prefix);
  const std::unique_ptr<rocksdb::Iterator> row(state_->db->NewIterator({}));
  for (row->Seek(full_key(as_table(table.id), std::max(key_prefix, after))); limit > 0 && row->Valid();
       row->Next()) {
    if (!row->key().starts_with(prefix)) break;
    const BytesView key = to_view(row->key()).substr(2);
    if (!after.empty() && key == after) continue;
    TRY(const auto plain, state_->open(table.id, key, to_view(row->value())));
    if (!visitor(key, plain)) break;
    --limit;
  }
  if (!row->status().ok()) return fail(to_error(row->status(), "scan local.db"));
  return {};
}

}  // namespace holdfast::storage
