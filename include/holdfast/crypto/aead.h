#pragma once

#include <cstddef>

#include "holdfast/base/result.h"
#include "holdfast/base/secret.h"

/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), the one cipher for everything that Holdfast stores or
/// hands out sealed. Nonces are drawn at random: 192 bits make a repeat out of reach at any write rate.
namespace holdfast::crypto {

inline constexpr std::size_t aead_key_size = 32;
inline constexpr std::size_t aead_nonce_size = 24;
inline constexpr std::size_t aead_tag_size = 16;

/// A fresh random nonce.
[[nodiscard]] Bytes random_nonce();

/// Ciphertext ‖ tag, `plain.size() + aead_tag_size` bytes; the nonce is not part of it. A key or nonce of
/// another size is a defect and stops the process: sealing with a wrong size would mean data that nobody can
/// open.
[[nodiscard]] Bytes seal(const Secret& key, BytesView nonce, BytesView aad, BytesView plain);
/// The same, put behind what `out` holds.
void append_sealed(Bytes& out, const Secret& key, BytesView nonce, BytesView aad, BytesView plain);

/// The plaintext, or `corrupt` when anything does not verify (key, nonce, aad or bytes; it does not say
/// which).
[[nodiscard]] Result<Bytes> open(const Secret& key, BytesView nonce, BytesView aad, BytesView sealed);

}  // namespace holdfast::crypto
