#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <array>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "holdfast/base/result.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/position.h"
#include "holdfast/storage/table.h"

// Storage's private door to RocksDB: included by src/storage and by storage's own tests only.

namespace holdfast::storage {

/// What tests change, and looks (look.h). The Env must outlive every store opened with it.
struct RocksTuning {
  rocksdb::Env* env = nullptr;  ///< null: rocksdb::Env::Default()
  bool read_only = false;       ///< what the log holds is read into memory, no file is changed
  std::size_t write_buffer_bytes = 16UL * 1024 * 1024;
  std::size_t max_wal_bytes = 16UL * 1024 * 1024;
};

class CompactionGate;
class ErrorGuard;

/// One open RocksDB directory; closed when the last Reader lets go.
struct RocksStore {
  RocksStore() = default;
  RocksStore(const RocksStore&) = delete;
  RocksStore& operator=(const RocksStore&) = delete;
  ~RocksStore();

  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Family which) const {
    return families[static_cast<std::size_t>(which)];
  }
  [[nodiscard]] Head applied() const;
  [[nodiscard]] Head durable() const;
  /// The batch is visible; synced says whether it is also durable.
  void set_applied(const Head& head, bool synced);
  /// Everything up to `head` is synced.
  void set_durable(const Head& head);
  /// Another store took this one's place, and its files may go although a reader still holds it: waits for
  /// compactions to end and lets none begin, since one that misses its files would be a background error.
  void retire();

  std::filesystem::path path;
  std::unique_ptr<rocksdb::DB> db;
  std::array<rocksdb::ColumnFamilyHandle*, family_count> families{};
  std::shared_ptr<ErrorGuard> guard;
  std::shared_ptr<CompactionGate> gate;
  /// Who reads the log holds it (FilesStay), one at a time: overlapping holds would keep RocksDB from ever
  /// archiving a log.
  std::mutex log_reading;

 private:
  mutable std::mutex mutex_;
  Head applied_;
  Head durable_;
};

struct RocksSnapshot {
  explicit RocksSnapshot(std::shared_ptr<RocksStore> owner)
      : store(std::move(owner)), snapshot(store->db->GetSnapshot()) {}
  RocksSnapshot(const RocksSnapshot&) = delete;
  RocksSnapshot& operator=(const RocksSnapshot&) = delete;
  ~RocksSnapshot() { store->db->ReleaseSnapshot(snapshot); }
  std::shared_ptr<RocksStore> store;
  const rocksdb::Snapshot* snapshot;
};

/// Status → Error: NotFound not_found, Corruption corrupt, NoSpace storage_full, Busy/lock unavailable, rest
/// internal.
Error to_error(const rocksdb::Status& status, std::string_view doing);
inline rocksdb::Slice to_slice(BytesView bytes) { return {bytes.data(), bytes.size()}; }
inline BytesView to_view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

/// Whether the store at `path` is there as wanted (`create`: not yet). A new one's directory is durable on
/// return and nobody else's to read. Errors: `conflict`/`store_exists`, `not_found`/`store_missing`.
Result<> prepare_store_directory(const std::filesystem::path& path, bool create, rocksdb::Env& env);

/// The options that every store of ours shares, each with its must of docs/fault-tests.md.
rocksdb::DBOptions rocks_db_options(const RocksTuning& tuning, const std::shared_ptr<ErrorGuard>& guard);

/// Opens the fixed families read-write, after checking what CoreDb::open promises. A guard given is shared
/// with the store; otherwise it gets its own.
Result<std::shared_ptr<RocksStore>> open_rocks_store(const CoreDbOptions& options, const RocksTuning& tuning,
                                                     std::shared_ptr<ErrorGuard> guard = nullptr);

/// What RocksDB may still have to write for what it has taken: a log's worth of rows in memory and as much
/// that came while those are written out, and the room that it takes for the next log file at once. A flush
/// that meets the end of the disk closes the store for this process's life, so whoever writes asks first and
/// stops this far from it.
constexpr std::uint64_t apply_floor_bytes = 64UL * 1024 * 1024;
constexpr std::uint64_t local_floor_bytes = 8UL * 1024 * 1024;  ///< less: local.db is what goes on last
/// Through the store's own Env, so that a test's full disk counts.
/// `storage_full`, certainly not written, when less than `floor_bytes` are free.
Result<> check_free_bytes(rocksdb::Env& env, const std::filesystem::path& path, std::uint64_t floor_bytes);

Result<std::uint64_t> free_bytes_of(rocksdb::Env& env, const std::filesystem::path& path);

}  // namespace holdfast::storage
