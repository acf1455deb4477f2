#pragma once

#include <rocksdb/write_batch.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "holdfast/storage/position.h"
#include "holdfast/storage/raw_batch.h"

namespace holdfast::storage {

/// `conflict`/`position_unknown`: this history does not contain that position.
Error position_unknown(const Position& from);
/// `corrupt`/`log_damaged`.
Error log_damaged(std::string why);

/// One pass over the log, whatever order RocksDB shows it in: takes the batches after `from`, up to `bound`,
/// as long as each one follows the one before it and its hash chains. RocksDB's iterator alone skips batches
/// while files move to the archive (seen: 48 of 2,885 reads).
class TailWalk {
 public:
  TailWalk(const Position& from, const Head& bound, std::size_t max_bytes)
      : from_(from), bound_(bound), max_bytes_(max_bytes) {}

  /// Whether to go on. A gap ends the walk without an error: what was taken before it is good.
  Result<bool> visit(std::uint64_t sequence, const rocksdb::WriteBatch& operations);

  [[nodiscard]] std::vector<RawBatchPtr> take() { return std::move(taken_); }

 private:
  [[nodiscard]] std::uint64_t next_index() const {
    return (taken_.empty() ? from_.index : previous_->index) + 1;
  }

  const Position& from_;
  const Head& bound_;
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::optional<Head> previous_;
  std::vector<RawBatchPtr> taken_;
};

}  // namespace holdfast::storage
