#pragma once

#include <string>

namespace holdfast::storage {

/// RocksDB's version as linked, like `7.8.3`: shown to peers and operators.
std::string rocksdb_version();

}  // namespace holdfast::storage
