#pragma once

#include <string>
#include <utility>

#include "holdfast/storage/raw_batch.h"

/// Batches as a primary's commit thread writes them, made by hand from RocksDB's documented WriteBatch layout
/// (u64 sequence ‖ u32 count, little-endian; 01 ‖ varint key ‖ varint value), so that tests of the protocol
/// need no store.
namespace holdfast::test {

inline void append_little_endian(Bytes& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xffU));
}

inline void append_varint32(Bytes& out, std::uint32_t value) {
  for (; value >= 0x80U; value >>= 7U) out.push_back(static_cast<char>(value | 0x80U));
  out.push_back(static_cast<char>(value));
}

inline void append_put(Bytes& out, std::string_view key, std::string_view value) {
  out.push_back('\x01');
  append_varint32(out, static_cast<std::uint32_t>(key.size()));
  out.append(key);
  append_varint32(out, static_cast<std::uint32_t>(value.size()));
  out.append(value);
}

/// One Put and the head, behind `previous`.
inline storage::RawBatch make_batch(const storage::Head& previous, std::uint64_t first_sequence,
                                    storage::Term term, WallTime at, std::string_view key,
                                    std::string_view value) {
  Bytes operations;
  append_put(operations, key, value);
  storage::Head head;
  head.term = term;
  head.index = previous.index + 1;
  head.committed_at = at;
  head.hash = storage::chain_hash(previous, operations);
  storage::RawBatch batch{.first_sequence = first_sequence, .count = 2, .rep = {}, .head = head};
  append_little_endian(batch.rep, first_sequence, 8);
  append_little_endian(batch.rep, batch.count, 4);
  batch.rep += operations;
  append_put(batch.rep, storage::head_key, head.encode());
  return batch;
}

/// The value of the one Put.
inline std::string value_of(const storage::RawBatch& batch) {
  auto rest = storage::hashed_operations(batch.rep).substr(1);
  const auto take = [&rest] {
    std::uint32_t size = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(rest.front());
      rest.remove_prefix(1);
      size |= (byte & 0x7fU) << shift;
      if (byte < 0x80U) break;
    }
    const auto text = rest.substr(0, size);
    rest.remove_prefix(size);
    return std::string(text);
  };
  take();
  return take();
}

}  // namespace holdfast::test
