#pragma once

#include <string>
#include <string_view>

#include "holdfast/crypto/signing_key.h"

namespace holdfast::crypto {

/// RFC 7638 with SHA-256, base64url: a stable name for a public key; Holdfast's `kid`.
[[nodiscard]] std::string jwk_thumbprint(const VerifyingKey& key);

/// The public key as one RFC 7517 JSON object: kty, its parameters, `use` "sig", `alg`, and `kid`. Compact,
/// members always in the same order. `kid` is escaped as JSON demands.
[[nodiscard]] std::string to_jwk(const VerifyingKey& key, std::string_view kid);

/// Reads a public RSA or P-256 JWK for use with `algorithm`. `invalid` when it is not one, when its own `alg`
/// or `use` says otherwise, or when its parameters are not canonical base64url.
[[nodiscard]] Result<VerifyingKey> from_jwk(SigningAlgorithm algorithm, std::string_view json);

}  // namespace holdfast::crypto
