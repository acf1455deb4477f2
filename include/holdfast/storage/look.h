#pragma once

#include <filesystem>
#include <memory>

#include "holdfast/storage/core_db.h"
#include "holdfast/storage/local_db.h"

namespace holdfast::storage {

/// Stores opened to be looked at: what their logs hold is read into memory, no file is changed, and every
/// write fails. Opening one for work recovers and flushes it, so whoever may turn out to have the wrong one
/// looks first. The data directory's lock is held, or another process may change what is being read. Errors
/// as `open`.
Result<std::unique_ptr<CoreDb>> look_into_core(const std::filesystem::path& path);
Result<std::unique_ptr<LocalDb>> look_into_local(const std::filesystem::path& path,
                                                 const crypto::KeyWrapper& region_key);

}  // namespace holdfast::storage
