#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "holdfast/base/bytes.h"
#include "holdfast/base/result.h"

namespace holdfast::storage {

/// The column families of core.db: fixed and numbered, because creating one is not in the log. The number is
/// what frames and the family-map hash carry.
enum class Family : std::uint8_t {
  standard = 0,  ///< "default": members, terms, the key ring, `head`
  identity = 1,
  sessions = 2,
  apps = 3,
  objects = 4,
  audit = 5,
  spare_a = 6,
  spare_b = 7,
};
constexpr std::size_t family_count = 8;
constexpr std::array<std::string_view, family_count> family_names = {
    "default", "identity", "sessions", "apps", "objects", "audit", "spare_a", "spare_b"};

/// SHA-256 over the numbered names: peers compare it in HELLO.
Bytes family_map_hash();

/// How a table's values are stored. Clear is only for what must be readable before the ring is open (wrap
/// rows).
enum class Sealing : std::uint8_t { sealed, clear };

/// A kind of record. Ids: 0x00xx storage, region and replication, 0x01xx identity, 0x02xx sessions and oidc,
/// 0x03xx apps, 0x04xx objects, 0x05xx audit. Define tables as `constexpr Table users{Family::identity,
/// 0x0101, "users"};`.
struct Table {
  Family family;
  std::uint16_t id;
  std::string_view name;
  Sealing sealing = Sealing::sealed;

  bool operator==(const Table& other) const { return family == other.family && id == other.id; }
};

/// The key as it stands in the store: u16 table id ‖ key.
Bytes full_key(const Table& table, BytesView key);

/// Builds keys whose byte order is the order of their typed parts. docs/formats/keys.md.
class KeyWriter {
 public:
  KeyWriter& u8(std::uint8_t value);
  KeyWriter& u16(std::uint16_t value);
  KeyWriter& u32(std::uint32_t value);
  KeyWriter& u64(std::uint64_t value);
  /// Any bytes, self-delimiting and order-preserving: 00 becomes 00 ff, the end is 00 01.
  KeyWriter& text(BytesView value);
  /// As they are; only for parts of a fixed size (blinded names, ids) or for the last part.
  KeyWriter& fixed(BytesView value);

  [[nodiscard]] const Bytes& view() const { return out_; }
  [[nodiscard]] Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

/// Reads KeyWriter's keys, in the same order of parts. After the first impossible read everything is zero and
/// `finish` says `corrupt`.
class KeyReader {
 public:
  explicit KeyReader(BytesView key) : rest_(key) {}
  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u64();
  Bytes text();
  BytesView fixed(std::size_t size);
  /// Everything that is left.
  BytesView rest();
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] Result<> finish(std::string_view what) const;

 private:
  std::uint64_t big_endian(std::size_t size);
  BytesView rest_;
  bool ok_ = true;
};

}  // namespace holdfast::storage
