#include "holdfast/storage/look.h"

#include "rocks.h"

namespace holdfast::storage {

Result<std::unique_ptr<CoreDb>> look_into_core(const std::filesystem::path& path) {
  return CoreDb::open_tuned({.path = path}, {.read_only = true});
}

Result<std::unique_ptr<LocalDb>> look_into_local(const std::filesystem::path& path,
                                                 const crypto::KeyWrapper& region_key) {
  return LocalDb::open_tuned({.path = path}, region_key, {.read_only = true});
}

}  // namespace holdfast::storage
