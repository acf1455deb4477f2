#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "holdfast/base/bytes.h"
#include "holdfast/base/ids.h"
#include "holdfast/base/result.h"
#include "holdfast/base/secret.h"
#include "holdfast/storage/table.h"

namespace holdfast::storage {

/// Names a key of the ring. Ids with the top bit set name root keys. 0 is never used.
using KeyId = std::uint32_t;
constexpr KeyId root_key_bit = 0x80000000U;

/// What one write of a row cannot share with another: the sealed row's nonce (for clear rows the start of
/// SHA-256 of the value). `Transaction::require_unchanged` compares it.
using RowTag = std::array<char, 24>;

/// A record as read: opened, verified.
struct Stored {
  Bytes plain;
  std::uint16_t version = 0;
  RowTag tag{};
};

/// The largest plaintext of one record; also what a compressed one may unpack to.
constexpr std::size_t max_record_bytes = 1024UL * 1024;

/// Where a record stands; all of it is authenticated.
struct RecordPlace {
  const ClusterId& cluster;
  const Table& table;
  BytesView key;  ///< without the table id
};

/// docs/formats/records.md: u8 format=1 ‖ u8 flags (bit 0: zstd) ‖ u32 key id ‖ u16 record version ‖ 24 nonce
/// ‖ ciphertext and tag (XChaCha20-Poly1305). Compressed first where that saves at least an eighth of ≥ 256
/// bytes.
Bytes seal_record(const RecordPlace& place, KeyId id, const Secret& key, std::uint16_t version,
                  BytesView plain);
/// For tables with Sealing::clear: u8 format=0 ‖ u16 record version ‖ plain.
Bytes clear_record(std::uint16_t version, BytesView plain);

/// The key id that a sealed value names; `corrupt` when it is no sealed value.
Result<KeyId> sealing_key_of(BytesView value);
/// `corrupt` when anything of place, header or ciphertext differs from what was sealed.
Result<Stored> open_record(const RecordPlace& place, const Secret& key, BytesView value);
/// `corrupt` when it is no clear value.
Result<Stored> open_clear_record(BytesView value);

/// Of a stored value, sealed or clear, without opening it.
RowTag row_tag_of(BytesView value);

}  // namespace holdfast::storage
