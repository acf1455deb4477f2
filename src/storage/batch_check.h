#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <functional>

#include "holdfast/base/bytes.h"
#include "holdfast/base/result.h"
#include "holdfast/storage/raw_batch.h"
#include "holdfast/storage/table.h"

// How storage looks into a WriteBatch's bytes, ours or a stranger's.

namespace holdfast::storage {

/// The number that `bytes`, which are enough, begin with, as RocksDB writes its own.
template <class Number>
Number little_endian(BytesView bytes) {
  static_assert(std::endian::native == std::endian::little);
  std::array<char, sizeof(Number)> raw{};
  std::ranges::copy_n(bytes.begin(), raw.size(), raw.begin());
  return std::bit_cast<Number>(raw);
}

/// One operation but the head: `key` with the table id, valid during the call.
using BatchVisitor = std::function<void(Family family, BytesView key, bool deleted)>;

struct BatchHeader {
  std::uint64_t sequence = 0;
  std::uint32_t count = 0;
};
/// Needs at least batch_header_size bytes.
BatchHeader batch_header(BytesView rep);

/// The head from the last operation; `corrupt`/`batch_refused` when the bytes do not end with one.
Result<Head> head_at_end(BytesView rep);

/// check_batch (log_applier.h), showing each operation on the way. What was shown counts only if the result
/// is good.
Result<> check_operations(const RawBatch& batch, const BatchVisitor& visit);

}  // namespace holdfast::storage
