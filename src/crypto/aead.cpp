#include "holdfast/crypto/aead.h"

#include <sodium.h>

#include "defect.h"
#include "holdfast/crypto/random.h"
#include "sodium_ready.h"

namespace holdfast::crypto {

static_assert(aead_key_size == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(aead_nonce_size == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(aead_tag_size == crypto_aead_xchacha20poly1305_ietf_ABYTES);

namespace {

const unsigned char* aead_in(BytesView bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* aead_out(Bytes& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

}  // namespace

Bytes random_nonce() { return random_bytes(aead_nonce_size); }

Bytes seal(const Secret& key, BytesView nonce, BytesView aad, BytesView plain) {
  must(key.expose().size() == aead_key_size, "sealing key of the wrong size");
  must(nonce.size() == aead_nonce_size, "sealing nonce of the wrong size");
  ensure_sodium();
  Bytes sealed(plain.size() + aead_tag_size, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(aead_out(sealed), nullptr, aead_in(plain), plain.size(),
                                             aead_in(aad), aad.size(), nullptr, aead_in(nonce),
                                             aead_in(key.expose()));
  return sealed;
}

Result<Bytes> open(const Secret& key, BytesView nonce, BytesView aad, BytesView sealed) {
  ensure_sodium();
  const bool sizes_fit = key.expose().size() == aead_key_size && nonce.size() == aead_nonce_size &&
                         sealed.size() >= aead_tag_size;
  if (!sizes_fit) return fail(ErrorKind::corrupt, "corrupt", "sealed bytes do not verify", "wrong sizes");
  Bytes plain(sealed.size() - aead_tag_size, '\0');
  const int outcome = crypto_aead_xchacha20poly1305_ietf_decrypt(
      aead_out(plain), nullptr, nullptr, aead_in(sealed), sealed.size(), aead_in(aad), aad.size(),
      aead_in(nonce), aead_in(key.expose()));
  if (outcome != 0) return fail(ErrorKind::corrupt, "corrupt", "sealed bytes do not verify");
  return plain;
}

}  // namespace holdfast::crypto
