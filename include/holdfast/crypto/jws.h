#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "holdfast/crypto/signing_key.h"

/// JSON Web Signature, compact serialisation (RFC 7515 §7.1), strictly: the algorithm comes from the key
/// record, never from the token.
namespace holdfast::crypto {

/// A longer token is refused before it is looked at: it must fit beside the other headers (16 KiB).
inline constexpr std::size_t max_jws_bytes = 12UL * 1024;

/// A token whose signature holds. What it claims is still the caller's to check.
struct VerifiedJws {
  std::string header_json;
  std::string payload;
};

/// `{"alg":…,"kid":…,"typ":…}` for a key; `typ` is left out when empty.
[[nodiscard]] std::string jws_header(SigningAlgorithm algorithm, std::string_view kid,
                                     std::string_view typ = {});

/// Signs exactly these bytes. `internal` when the header is not a JSON object whose `alg` is the key's, or
/// has `crit`: that would be a token that verify_compact refuses. `too_large` beyond max_jws_bytes.
[[nodiscard]] Result<std::string> sign_compact(const SigningKey& key, std::string_view header_json,
                                               std::string_view payload);

/// The header's `kid`, to look the key up with; nothing of the token is verified yet. `unauthenticated` when
/// the token is not of JWS form or has no string `kid` of at most 256 bytes.
[[nodiscard]] Result<std::string> jws_key_id(std::string_view token);

/// Checks that the token is exactly three canonical base64url parts, its header a strict JSON object with the
/// key's `alg`, no `crit` and no `b64`, and its signature right. Everything else is one error,
/// `unauthenticated`; the detail (for the log) says what.
[[nodiscard]] Result<VerifiedJws> verify_compact(std::string_view token, const VerifyingKey& key);

}  // namespace holdfast::crypto
