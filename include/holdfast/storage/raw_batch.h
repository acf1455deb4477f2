#pragma once

#include <cstdint>
#include <memory>

#include "holdfast/base/bytes.h"
#include "holdfast/storage/position.h"

namespace holdfast::storage {

/// One committed batch exactly as it stands in the log; what replication ships. Immutable once shared.
struct RawBatch {
  std::uint64_t first_sequence = 0;  ///< RocksDB's number of the first operation; asserted, never an identity
  std::uint32_t count = 0;           ///< operations, the head Put included
  Bytes rep;  ///< RocksDB's WriteBatch: u64 sequence ‖ u32 count (little-endian) ‖ operations
  Head head;  ///< decoded from the last operation
};
using RawBatchPtr = std::shared_ptr<const RawBatch>;

/// RocksDB's own header of a WriteBatch.
constexpr std::size_t batch_header_size = 12;
/// The final head Put is always this long: tag 01 ‖ length 4 ‖ "head" ‖ length 57 ‖ head record.
constexpr std::size_t head_operation_size = 1 + 1 + 4 + 1 + Head::encoded_size;

/// Bounds: transaction < merged batch, which is its operations plus header and head; a frame carries one
/// batch.
constexpr std::size_t max_transaction_bytes = 1024UL * 1024;
constexpr std::size_t max_batch_bytes = 4UL * 1024 * 1024;

/// The bytes that the hash chain covers: without header and without the final head Put. Empty when `rep` is
/// too short.
constexpr BytesView hashed_operations(BytesView rep) {
  if (rep.size() < batch_header_size + head_operation_size) return {};
  return rep.substr(batch_header_size, rep.size() - batch_header_size - head_operation_size);
}

}  // namespace holdfast::storage
