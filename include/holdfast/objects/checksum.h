#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>

#include "holdfast/base/bytes.h"
#include "holdfast/base/result.h"
#include "holdfast/crypto/hash.h"

namespace holdfast::objects {

/// IEEE 802.3 CRC, reflected. Continues from an earlier value.
[[nodiscard]] std::uint32_t crc32(BytesView bytes, std::uint32_t seed = 0);
/// The NVMe CRC-64, reflected, which current S3 clients prefer. Continues from an earlier value.
[[nodiscard]] std::uint64_t crc64nvme(BytesView bytes, std::uint64_t seed = 0);

enum class ChecksumKind : std::uint8_t { crc32, crc32c, crc64nvme, sha256 };

/// From the header or trailer name (`x-amz-checksum-crc32`), lower case; absent for another name. Also absent
/// for `sha1`, which callers refuse by name rather than skip.
std::optional<ChecksumKind> checksum_kind_of(std::string_view header_name);
std::string_view header_name_of(ChecksumKind kind);

/// A checksum over bytes that arrive in parts; one message per object. Finds damage in transit, not forgery.
class Checksum {
 public:
  explicit Checksum(ChecksumKind kind);
  void update(BytesView bytes);
  /// The raw value, most significant byte first, as S3 puts it into base64.
  [[nodiscard]] Bytes finish();
  [[nodiscard]] ChecksumKind kind() const { return kind_; }

 private:
  ChecksumKind kind_;
  std::uint64_t crc_ = 0;
  std::optional<crypto::Sha256> sha256_;
};

}  // namespace holdfast::objects
