#pragma once

#include <vector>

#include "holdfast/storage/core_db.h"
#include "holdfast/storage/raw_batch.h"

namespace holdfast::test {

/// Every batch that the write-ahead log still holds, in order, read straight from RocksDB.
std::vector<storage::RawBatch> read_log(storage::CoreDb& db);

/// Expects an unbroken chain: index +1, term and time never lower, each hash the one of its operations, the
/// last one the store's own head. Starts from the empty store's head.
void expect_exact_chain(const std::vector<storage::RawBatch>& log, const storage::Head& last);

}  // namespace holdfast::test
