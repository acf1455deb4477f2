#include <rocksdb/listener.h>

#include <atomic>
#include <limits>

#include "error_guard.h"
#include "holdfast/base/log.h"
#include "rocks.h"

namespace holdfast::storage {
namespace {

/// Must 1: RocksDB would resume by itself after a transient sync error and ship a write that was answered as
/// failed. So the first background error is the last, except for a compaction that found the disk full: it
/// has taken nothing from anybody (its inputs stay, no sequence number is used), and RocksDB tries it again a
/// second later as long as no error is set.
class StoreListener final : public rocksdb::EventListener {
 public:
  explicit StoreListener(std::shared_ptr<ErrorGuard> guard) : guard_(std::move(guard)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override {
    if (reason == rocksdb::BackgroundErrorReason::kCompaction && status->IsNoSpace()) {
      if (!told_of_no_room_.exchange(true))
        log::warn("a compaction found the disk full; it is tried again", {{"reason", status->ToString()}});
      *status = rocksdb::Status::OK();
      return;
    }
    guard_->fail(status->ToString());
  }
  void OnCompactionCompleted(rocksdb::DB* /*db*/, const rocksdb::CompactionJobInfo& info) override {
    if (info.status.ok()) told_of_no_room_ = false;
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
    if (!status.ok()) guard_->fail(status.ToString());
  }

 private:
  std::shared_ptr<ErrorGuard> guard_;
  std::atomic<bool> told_of_no_room_ = false;
};

}  // namespace

rocksdb::DBOptions rocks_db_options(const RocksTuning& tuning, const std::shared_ptr<ErrorGuard>& guard) {
  rocksdb::DBOptions options;
  options.env = tuning.env != nullptr ? tuning.env : rocksdb::Env::Default();
  // Must 1: no recovery without a restart.
  options.max_bgerror_resume_count = 0;
  options.listeners.push_back(std::make_shared<StoreListener>(guard));
  // Must 4: reading the tail of a large log stalls. The sum is what switches to a new file.
  options.max_total_wal_size = tuning.max_wal_bytes;
  // Must 6: keep every log until our own janitor deletes it; any other pair purges wrongly or archives
  // nothing.
  options.WAL_ttl_seconds = std::numeric_limits<std::uint64_t>::max();
  options.WAL_size_limit_MB = 0;
  // Must 8: nothing but our batches may consume sequence numbers.
  options.persist_stats_to_disk = false;
  options.stats_persist_period_sec = 0;
  options.stats_dump_period_sec = 0;
  // Must 10.
  options.manual_wal_flush = false;
  options.wal_compression = rocksdb::kNoCompression;
  options.recycle_log_file_num = 0;
  options.track_and_verify_wals_in_manifest = false;
  // One batch is one record of the log, in the order of its sequence numbers.
  options.two_write_queues = false;
  options.unordered_write = false;
  options.enable_pipelined_write = false;
  options.allow_2pc = false;
  // A torn tail is what a crash leaves; damage before it is found by the watermark (must 15).
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.paranoid_checks = true;
  options.max_background_jobs = 2;
  // All stores share these; a compaction that waits for room (CompactionGate) must not keep another store's
  // away.
  options.env->IncBackgroundThreadsIfNeeded(4, rocksdb::Env::LOW);
  options.max_open_files = 512;
  options.skip_stats_update_on_db_open = true;  // start in half a second with millions of rows
  options.keep_log_file_num = 4;
  options.max_log_file_size = 4UL * 1024 * 1024;
  return options;
}

}  // namespace holdfast::storage
