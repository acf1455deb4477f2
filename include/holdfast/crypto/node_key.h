#pragma once

#include <cstddef>
#include <memory>

#include "holdfast/base/result.h"
#include "holdfast/base/secret.h"

namespace holdfast::crypto {

struct PkeyHandle;

inline constexpr std::size_t ed25519_private_size = 32;
inline constexpr std::size_t ed25519_signature_size = 64;

/// A node's identity: an Ed25519 key (RFC 8032) that signs term records and wrap rows and backs the node's
/// TLS certificate (x509.h). Immutable, thread-safe, cheap to copy (copies share the key).
class NodeKey {
 public:
  static Result<NodeKey> generate();
  /// From what private_bytes gave; `corrupt` if it is not 32 bytes.
  static Result<NodeKey> from_private_bytes(const Secret& bytes);

  /// The 32-byte seed, to be sealed by the caller.
  [[nodiscard]] Secret private_bytes() const;
  /// PKCS #8 PEM, for a TLS context.
  [[nodiscard]] Secret private_key_pem() const;
  /// DER SubjectPublicKeyInfo (44 bytes). Its SHA-256 is the node's pinned hash.
  [[nodiscard]] Bytes public_spki_der() const;
  /// 64 bytes.
  [[nodiscard]] Bytes sign(BytesView message) const;

  /// False for a wrong signature and for anything that is not an Ed25519 public key.
  [[nodiscard]] static bool verify(BytesView spki_der, BytesView message, BytesView signature);

 private:
  friend class KeyAccess;
  explicit NodeKey(std::shared_ptr<const PkeyHandle> key) : key_(std::move(key)) {}
  std::shared_ptr<const PkeyHandle> key_;
};

}  // namespace holdfast::crypto
