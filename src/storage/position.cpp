#include "holdfast/storage/position.h"

#include <algorithm>

#include "holdfast/base/codec.h"
#include "holdfast/base/damaged.h"
#include "holdfast/base/encoding.h"
#include "holdfast/crypto/hash.h"

namespace holdfast::storage {
namespace {

constexpr std::uint8_t head_version = 1;
constexpr std::uint8_t position_version = 1;

template <std::size_t size>
std::array<char, size> fixed_bytes(BytesView bytes) {
  std::array<char, size> out{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), size), out.begin());
  return out;
}

}  // namespace

std::string to_string(Term term) {
  return std::to_string(term.reign) + '.' + std::to_string(term.incarnation);
}

Bytes Head::encode() const {
  return ByteWriter()
      .u8(head_version)
      .u32(term.reign)
      .u32(term.incarnation)
      .u64(index)
      .i64(to_micros(committed_at))
      .raw({hash.data(), hash.size()})
      .take();
}

Result<Head> Head::decode(BytesView record) {
  ByteReader reader(record);
  const auto version = reader.u8();
  Head head;
  head.term.reign = reader.u32();
  head.term.incarnation = reader.u32();
  head.index = reader.u64();
  head.committed_at = from_micros(reader.i64());
  head.hash = fixed_bytes<head_hash_size>(reader.raw(head_hash_size));
  TRY_VOID(reader.finish("head record"));
  if (version != head_version) {
    return damaged("head record: unknown version");
  }
  return head;
}

HeadHash chain_hash(const Head& previous, BytesView operations) {
  crypto::Sha256 digest;
  digest.update(previous.encode());
  digest.update(operations);
  return fixed_bytes<head_hash_size>(digest.finish());
}

Position position_of(const Head& head) {
  return {.term = head.term,
          .index = head.index,
          .hash_prefix = fixed_bytes<8>({head.hash.data(), head.hash.size()})};
}

std::string to_string(const Position& position) {
  return to_base64url(ByteWriter()
                          .u8(position_version)
                          .u32(position.term.reign)
                          .u32(position.term.incarnation)
                          .u64(position.index)
                          .raw({position.hash_prefix.data(), position.hash_prefix.size()})
                          .take());
}

Result<Position> parse_position(std::string_view text) {
  const auto refused = [] { return fail(ErrorKind::invalid, "invalid_position", "this is not a position"); };
  const auto bytes = from_base64url(text);
  if (!bytes) return refused();
  ByteReader reader(*bytes);
  const auto version = reader.u8();
  Position position;
  position.term.reign = reader.u32();
  position.term.incarnation = reader.u32();
  position.index = reader.u64();
  position.hash_prefix = fixed_bytes<8>(reader.raw(8));
  if (!reader.finish("position") || version != position_version) return refused();
  return position;
}

}  // namespace holdfast::storage
