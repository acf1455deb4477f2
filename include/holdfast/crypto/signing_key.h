#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "holdfast/base/result.h"
#include "holdfast/base/secret.h"

namespace holdfast::crypto {

struct PkeyHandle;

/// The algorithms of RFC 7518 §3 that Holdfast signs and verifies tokens with. The numbers are stored: never
/// reuse one.
enum class SigningAlgorithm : std::uint8_t {
  rs256 = 1,  ///< RSASSA-PKCS1-v1_5 with SHA-256
  es256 = 2,  ///< ECDSA on P-256 with SHA-256; a signature is r ‖ s, 64 bytes
};

/// The JOSE name: "RS256", "ES256".
std::string_view to_string(SigningAlgorithm algorithm);
std::optional<SigningAlgorithm> signing_algorithm_from(std::string_view jose_name);

inline constexpr unsigned min_rsa_signing_bits = 2048;
inline constexpr unsigned max_rsa_signing_bits = 8192;

/// The public half of a signing key together with the one algorithm that it may be used with. Immutable,
/// thread-safe, cheap to copy.
class VerifyingKey {
 public:
  /// DER SubjectPublicKeyInfo. `invalid` if the key is of another kind, not on P-256, or RSA outside
  /// 2048–8192 bits.
  static Result<VerifyingKey> from_spki_der(SigningAlgorithm algorithm, BytesView spki_der);

  [[nodiscard]] SigningAlgorithm algorithm() const { return algorithm_; }
  [[nodiscard]] Bytes spki_der() const;
  /// False for anything but a right signature by this key with its algorithm.
  [[nodiscard]] bool verify(BytesView message, BytesView signature) const;

 private:
  friend class KeyAccess;
  VerifyingKey(SigningAlgorithm algorithm, std::shared_ptr<const PkeyHandle> key)
      : algorithm_(algorithm), key_(std::move(key)) {}
  SigningAlgorithm algorithm_;
  std::shared_ptr<const PkeyHandle> key_;
};

/// A private key that signs tokens. Immutable, thread-safe, cheap to copy. An RS256 signature with 2048 bits
/// costs about 0.6 ms of CPU, ES256 about 0.03 ms.
class SigningKey {
 public:
  /// `rsa_bits` (2048–8192) is ignored for ES256. An RSA key takes some 100 ms and more.
  static Result<SigningKey> generate(SigningAlgorithm algorithm, unsigned rsa_bits = min_rsa_signing_bits);
  /// From what private_der gave; `corrupt` if it is not a private key that fits the algorithm.
  static Result<SigningKey> from_private_der(SigningAlgorithm algorithm, const Secret& pkcs8_der);

  /// PKCS #8, unencrypted, to be sealed by the caller.
  [[nodiscard]] Secret private_der() const;
  [[nodiscard]] SigningAlgorithm algorithm() const { return public_key_.algorithm(); }
  [[nodiscard]] const VerifyingKey& public_key() const { return public_key_; }
  /// The raw JWS signature of `message` (RFC 7518 §3.3, §3.4).
  [[nodiscard]] Result<Bytes> sign(BytesView message) const;

 private:
  friend class KeyAccess;
  explicit SigningKey(VerifyingKey key) : public_key_(std::move(key)) {}
  VerifyingKey public_key_;  // its handle holds the private half too
};

}  // namespace holdfast::crypto
