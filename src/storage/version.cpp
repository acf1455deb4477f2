#include "holdfast/storage/version.h"

#include <rocksdb/version.h>

namespace holdfast::storage {

std::string rocksdb_version() {
  return std::to_string(ROCKSDB_MAJOR) + "." + std::to_string(ROCKSDB_MINOR) + "." +
         std::to_string(ROCKSDB_PATCH);
}

}  // namespace holdfast::storage
