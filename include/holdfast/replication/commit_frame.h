#pragma once

#include "holdfast/replication/wire.h"
#include "holdfast/storage/raw_batch.h"

namespace holdfast::replication {

/// COMMIT: one committed batch as RocksDB's WriteBatch bytes. Fixed layout, because there is one per batch:
/// u8 version=1 ‖ u32 reign ‖ u32 incarnation ‖ u64 index ‖ u64 first sequence ‖ u32 count ‖ u32 raw length ‖
/// u8 compression=0 ‖ u32 crc32c ‖ body. The crc covers all bytes before it and the body. The head record
/// itself lies in the batch; the fields here are checked against it before anything is applied.
inline constexpr std::size_t commit_header_bytes = 38;
inline constexpr std::size_t max_commit_body_bytes = std::size_t{8} << 20U;

/// Errors: `too_large` for a batch over the bound, which the Committer never makes.
Result<Bytes> encode_commit(const storage::RawBatch& batch);
/// Checks version, bounds and crc, then parses and checks the batch (storage::parse_batch). `corrupt`
/// otherwise.
Result<storage::RawBatch> decode_commit(BytesView payload);

}  // namespace holdfast::replication
