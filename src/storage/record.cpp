#include "holdfast/storage/record.h"

#include <zstd.h>

#include <algorithm>
#include <optional>
#include <string>

#include "holdfast/base/codec.h"
#include "holdfast/base/damaged.h"
#include "holdfast/crypto/aead.h"
#include "holdfast/crypto/hash.h"

namespace holdfast::storage {
namespace {

constexpr std::uint8_t clear_format = 0;
constexpr std::uint8_t sealed_format = 1;
constexpr std::uint8_t flag_zstd = 1;
constexpr std::size_t compress_from_bytes = 256;
constexpr int zstd_level = 3;

struct SealedValue {
  std::uint8_t flags;
  KeyId key;
  std::uint16_t version;
  BytesView nonce;
  BytesView sealed;
};

Result<SealedValue> parse_sealed(BytesView value) {
  ByteReader reader(value);
  const auto format = reader.u8();
  SealedValue out{};
  out.flags = reader.u8();
  out.key = reader.u32();
  out.version = reader.u16();
  out.nonce = reader.raw(crypto::aead_nonce_size);
  out.sealed = reader.rest();
  if (!reader.ok() || format != sealed_format || out.flags > flag_zstd ||
      out.sealed.size() < crypto::aead_tag_size) {
    return damaged("not a sealed record");
  }
  return out;
}

Bytes associated_data(const RecordPlace& place, std::uint8_t flags, KeyId id, std::uint16_t version) {
  return ByteWriter()
      .bytes("holdfast-record-v1")
      .bytes(place.cluster.str())
      .u16(place.table.id)
      .bytes(full_key(place.table, place.key))
      .u16(version)
      .u8(flags)
      .u32(id)
      .take();
}

/// Empty where it does not pay.
std::optional<Bytes> compressed(BytesView plain) {
  if (plain.size() < compress_from_bytes) return {};
  Bytes out(ZSTD_compressBound(plain.size()), '\0');
  const auto size = ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), zstd_level);
  if (ZSTD_isError(size) != 0U || size > plain.size() - plain.size() / 8) return {};
  out.resize(size);
  return out;
}

Result<Bytes> decompressed(BytesView frame) {
  const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size > max_record_bytes) return damaged("compressed record without a sane size");
  Bytes out(size, '\0');
  const auto got = ZSTD_decompress(out.data(), out.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0U || got != size) return damaged("compressed record does not decompress");
  return out;
}

}  // namespace

Bytes seal_record(const RecordPlace& place, KeyId id, const Secret& key, std::uint16_t version,
                  BytesView plain) {
  const auto packed = compressed(plain);
  const std::uint8_t flags = packed ? flag_zstd : 0;
  const Bytes nonce = crypto::random_nonce();
  const BytesView body = packed ? *packed : plain;
  Bytes sealed = ByteWriter().u8(sealed_format).u8(flags).u32(id).u16(version).take();
  sealed.reserve(sealed.size() + nonce.size() + body.size() + crypto::aead_tag_size);
  sealed.append(nonce);
  crypto::append_sealed(sealed, key, nonce, associated_data(place, flags, id, version), body);
  return sealed;
}

Bytes clear_record(std::uint16_t version, BytesView plain) {
  return ByteWriter().u8(clear_format).u16(version).raw(plain).take();
}

Result<KeyId> sealing_key_of(BytesView value) {
  TRY(const auto parsed, parse_sealed(value));
  return parsed.key;
}

Result<Stored> open_record(const RecordPlace& place, const Secret& key, BytesView value) {
  TRY(const auto parsed, parse_sealed(value));
  TRY(auto plain,
      crypto::open(key, parsed.nonce, associated_data(place, parsed.flags, parsed.key, parsed.version),
                   parsed.sealed));
  if ((parsed.flags & flag_zstd) != 0) {
    TRY(plain, decompressed(plain));
  }
  return Stored{.plain = std::move(plain), .version = parsed.version, .tag = row_tag_of(value)};
}

Result<Stored> open_clear_record(BytesView value) {
  ByteReader reader(value);
  const auto format = reader.u8();
  const auto version = reader.u16();
  if (!reader.ok() || format != clear_format) return damaged("not a clear record");
  return Stored{.plain = Bytes(reader.rest()), .version = version, .tag = row_tag_of(value)};
}

RowTag row_tag_of(BytesView value) {
  RowTag tag{};
  if (const auto parsed = parse_sealed(value)) {
    std::ranges::copy(parsed->nonce, tag.begin());
  } else {
    std::ranges::copy_n(crypto::sha256(value).begin(), tag.size(), tag.begin());
  }
  return tag;
}

}  // namespace holdfast::storage
