#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "holdfast/base/result.h"
#include "holdfast/base/secret.h"

namespace holdfast::crypto {

struct PkeyHandle;

inline constexpr unsigned min_wrap_bits = 3072;
inline constexpr unsigned max_wrap_bits = 8192;

/// A region's own private key as storage sees it: it opens what was wrapped for this region. A file today; a
/// key service or a hardware module tomorrow. Thread-safe.
class KeyWrapper {
 public:
  virtual ~KeyWrapper() = default;
  /// `corrupt` when it was not wrapped for this key.
  [[nodiscard]] virtual Result<Secret> unwrap(BytesView wrapped) const = 0;
  /// DER SubjectPublicKeyInfo, the input of wrap_for.
  [[nodiscard]] virtual Bytes public_key_der() const = 0;
};

/// An RSA key of 3072 to 8192 bits: a region key, or the offline recovery key. Immutable, thread-safe, cheap
/// to copy.
class RsaRegionKey : public KeyWrapper {
 public:
  /// Takes about a second.
  static Result<RsaRegionKey> generate(unsigned bits = min_wrap_bits);
  /// Unencrypted PEM (PKCS #8, or PKCS #1 as `openssl genrsa -traditional` writes it). `invalid` if it is no
  /// RSA private key of an accepted size.
  static Result<RsaRegionKey> from_pem(std::string_view pem);
  /// PKCS #8.
  [[nodiscard]] Result<Secret> to_pem() const;

  [[nodiscard]] Result<Secret> unwrap(BytesView wrapped) const override;
  [[nodiscard]] Bytes public_key_der() const override;

 private:
  explicit RsaRegionKey(std::shared_ptr<const PkeyHandle> key) : key_(std::move(key)) {}
  std::shared_ptr<const PkeyHandle> key_;
};

/// RSA-OAEP with SHA-256 for both hash and MGF1 and an empty label (RFC 8017 §7.1; "RSA-OAEP-256" of RFC 7518
/// §4.3). A public key that is not RSA of 3072 to 8192 bits is `invalid`, a secret that does not fit is
/// `too_large`.
[[nodiscard]] Result<Bytes> wrap_for(BytesView public_key_der, const Secret& secret);

}  // namespace holdfast::crypto
