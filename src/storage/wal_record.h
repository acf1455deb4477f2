#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/result.h"
#include "rocks.h"

// Logs as they lie on disk, read without RocksDB: it lists none of them while the beginning of an archived
// one does not read.

namespace holdfast::storage {

/// The bytes of the first batch in a log file; nothing when no whole one is there. Errors:
/// `corrupt`/`log_damaged` when its checksum or its parts do not fit, whatever opening the file says
/// otherwise.
Result<std::optional<Bytes>> first_wal_record(const std::filesystem::path& path);

/// The archived logs up to the newest whose beginning is damaged, oldest first: nobody catches up through
/// that one.
struct DamagedArchive {
  std::vector<std::string> paths;      ///< relative to the store, as DB::DeleteFile wants them
  std::uint64_t next_first_index = 0;  ///< of the first batch behind them
};
/// Call it under a FilesStay.
Result<DamagedArchive> find_damaged_archive(const RocksStore& store);

}  // namespace holdfast::storage
