#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "holdfast/base/result.h"
#include "holdfast/base/secret.h"
#include "holdfast/identity/session_model.h"

namespace holdfast::identity {

/// Refresh tokens, challenge Sessions and later codes and cookies: opaque text that only this cluster can
/// read. Format (docs/formats/tokens.md): base64url of u8 format=1 ‖ u8 kind ‖ u32 key id ‖ 24 nonce ‖
/// ciphertext and tag; AAD = "holdfast-token-v1" ‖ cluster id ‖ kind ‖ key id.
inline constexpr std::size_t max_sealed_token_size = 4096;

/// Fields of the plaintext, by number.
Bytes encode_claims(const SealedClaims& claims);
Result<SealedClaims> decode_claims(BytesView plain);

/// With an explicit nonce, so that the format can be pinned by a test.
std::string seal_token(const ClusterId& cluster, SealedKind kind, std::uint32_t key_id, const Secret& key,
                       BytesView nonce, BytesView plain);

/// The key that a token names; `unauthenticated` when it is no sealed token of this kind.
Result<std::uint32_t> sealed_token_key(SealedKind kind, std::string_view token);
/// `unauthenticated` whatever is wrong with it.
Result<Bytes> open_token(const ClusterId& cluster, SealedKind kind, const Secret& key,
                         std::string_view token);

}  // namespace holdfast::identity
