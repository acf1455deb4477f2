#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "holdfast/base/result.h"
#include "rocks.h"

namespace holdfast::storage {

/// One file of the write-ahead log, live or archived.
struct WalFile {
  std::uint64_t number = 0;
  bool archived = false;
  std::uint64_t start_sequence = 0;
  std::uint64_t bytes = 0;
  std::string path;  ///< relative to the store, as DB::DeleteFile wants it
};

/// While one lives, RocksDB neither deletes nor archives a log: without it, listing and opening race with the
/// archiving and the iterator silently begins further on (seen: 48 of 2,885 reads). One at a time per store,
/// and short: what became obsolete meanwhile is archived when it ends, which overlapping holds would put off
/// for ever.
class FilesStay {
 public:
  explicit FilesStay(std::shared_ptr<RocksStore> store)
      : store_(std::move(store)), reading_(store_->log_reading) {
    held_ = store_->db->DisableFileDeletions().ok();
  }
  FilesStay(const FilesStay&) = delete;
  FilesStay& operator=(const FilesStay&) = delete;
  ~FilesStay() {
    // Not forced: a checkpoint's hold stays.
    if (held_) store_->db->EnableFileDeletions(false).PermitUncheckedError();
  }

 private:
  std::shared_ptr<RocksStore> store_;
  std::unique_lock<std::mutex> reading_;
  bool held_ = false;
};

/// All log files that hold a batch, oldest first. Call it under a FilesStay.
Result<std::vector<WalFile>> list_wal_files(const RocksStore& store);

/// Index of the first batch of Holdfast in `file`. Call it under a FilesStay. When the file went meanwhile
/// (the janitor alone does that) this is an index of a later file, or `not_found`.
Result<std::uint64_t> first_index_of(const RocksStore& store, const WalFile& file);

}  // namespace holdfast::storage
