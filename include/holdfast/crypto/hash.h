#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "holdfast/base/secret.h"

namespace holdfast::crypto {

inline constexpr std::size_t sha256_size = 32;
inline constexpr std::size_t md5_size = 16;

struct DigestState;

/// A digest over bytes that arrive in parts. One object hashes one message: after `finish` it must not be
/// used again. Not thread-safe, movable. Use Sha256 or Md5.
class Digest {
 public:
  void update(BytesView bytes);
  [[nodiscard]] Bytes finish();

  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  ~Digest();

 protected:
  enum class Algorithm : std::uint8_t { sha256, md5 };
  explicit Digest(Algorithm algorithm);

 private:
  std::unique_ptr<DigestState> state_;
};

/// FIPS 180-4.
class Sha256 : public Digest {
 public:
  Sha256() : Digest(Algorithm::sha256) {}
};

/// RFC 1321. Only for the S3 protocol's ETag and Content-MD5, never for security.
class Md5 : public Digest {
 public:
  Md5() : Digest(Algorithm::md5) {}
};

/// 32 raw bytes.
[[nodiscard]] Bytes sha256(BytesView bytes);

/// RFC 2104 with SHA-256; 32 raw bytes. Any key length.
[[nodiscard]] Bytes hmac_sha256(BytesView key, BytesView data);

/// RFC 5869 extract-and-expand. `size` at most 255 × 32 bytes (§2.3); asking for more is a defect and stops
/// the process.
[[nodiscard]] Secret hkdf_sha256(BytesView key, BytesView salt, BytesView info, std::size_t size);

/// Compares in time that depends on the sizes only. Use it for every tag, hash, token and code.
[[nodiscard]] bool equal_constant_time(BytesView a, BytesView b);

/// Castagnoli CRC (RFC 3720 §12.1), for frames and manifests: finds damage, not forgery. SSE4.2 where the
/// processor has it. Continues from an earlier value: `crc32c(b, crc32c(a)) == crc32c(a ‖ b)`.
[[nodiscard]] std::uint32_t crc32c(BytesView bytes, std::uint32_t seed = 0);

}  // namespace holdfast::crypto
