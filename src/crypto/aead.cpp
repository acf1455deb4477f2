#include "holdfast/crypto/aead.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <limits>

#include "defect.h"
#include "holdfast/base/unset_bytes.h"
#include "holdfast/crypto/random.h"
#include "openssl_support.h"
#include "sodium_ready.h"

namespace holdfast::crypto {

static_assert(aead_key_size == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(aead_nonce_size == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(aead_tag_size == crypto_aead_xchacha20poly1305_ietf_ABYTES);

namespace {

const unsigned char* aead_in(BytesView bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* aead_out(Bytes& bytes, std::size_t from = 0) {
  return reinterpret_cast<unsigned char*>(bytes.data() + from);
}

/// From here on OpenSSL's ChaCha20-Poly1305 wins over libsodium's in spite of its set-up: 3.7 against 1.5
/// GB/s on the machine of docs/performance.md. Both give the same bytes.
constexpr std::size_t large_bytes = 8192;

using CipherContextPtr = OpensslPtr<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

/// XChaCha20 is ChaCha20 under a key derived from the first 16 bytes of the nonce
/// (draft-irtf-cfrg-xchacha-03 §2.3); what is left of the nonce is preceded by four zero bytes.
struct DerivedKey {
  std::array<unsigned char, crypto_core_hchacha20_OUTPUTBYTES> key{};
  std::array<unsigned char, 12> nonce{};

  DerivedKey(const Secret& from, BytesView long_nonce) {
    crypto_core_hchacha20(key.data(), aead_in(long_nonce), aead_in(from.expose()), nullptr);
    std::copy(long_nonce.begin() + crypto_core_hchacha20_INPUTBYTES, long_nonce.end(), nonce.begin() + 4);
  }
  DerivedKey(const DerivedKey&) = delete;
  DerivedKey& operator=(const DerivedKey&) = delete;
  ~DerivedKey() { sodium_memzero(key.data(), key.size()); }
};

/// Ready for data, with `aad` taken in.
CipherContextPtr begin_large(bool sealing, const Secret& key, BytesView nonce, BytesView aad) {
  const DerivedKey derived(key, nonce);
  CipherContextPtr context(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool ready = context != nullptr &&
                     EVP_CipherInit_ex2(context.get(), EVP_chacha20_poly1305(), derived.key.data(),
                                        derived.nonce.data(), sealing ? 1 : 0, nullptr) == 1 &&
                     (aad.empty() || EVP_CipherUpdate(context.get(), nullptr, &size, aead_in(aad),
                                                      static_cast<int>(aad.size())) == 1);
  must(ready, "OpenSSL has no ChaCha20-Poly1305");
  return context;
}

void seal_large(unsigned char* sealed, const Secret& key, BytesView nonce, BytesView aad, BytesView plain) {
  const auto context = begin_large(true, key, nonce, aad);
  int size = 0;
  const bool done =
      EVP_CipherUpdate(context.get(), sealed, &size, aead_in(plain), static_cast<int>(plain.size())) == 1 &&
      EVP_CipherFinal_ex(context.get(), sealed + size, &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, aead_tag_size, sealed + plain.size()) == 1;
  must(done, "OpenSSL does not seal");
}

bool open_large(Bytes& plain, const Secret& key, BytesView nonce, BytesView aad, BytesView sealed) {
  const auto context = begin_large(false, key, nonce, aad);
  Bytes tag(sealed.substr(plain.size()));
  int size = 0;
  return EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, aead_tag_size, tag.data()) == 1 &&
         EVP_CipherUpdate(context.get(), aead_out(plain), &size, aead_in(sealed),
                          static_cast<int>(plain.size())) == 1 &&
         EVP_CipherFinal_ex(context.get(), aead_out(plain) + size, &size) == 1;
}

bool is_large(std::size_t bytes) {
  return bytes >= large_bytes && bytes <= static_cast<std::size_t>(std::numeric_limits<int>::max());
}

}  // namespace

Bytes random_nonce() { return random_bytes(aead_nonce_size); }

Bytes seal(const Secret& key, BytesView nonce, BytesView aad, BytesView plain) {
  Bytes sealed;
  append_sealed(sealed, key, nonce, aad, plain);
  return sealed;
}

void append_sealed(Bytes& out, const Secret& key, BytesView nonce, BytesView aad, BytesView plain) {
  must(key.expose().size() == aead_key_size, "sealing key of the wrong size");
  must(nonce.size() == aead_nonce_size, "sealing nonce of the wrong size");
  ensure_sodium();
  const std::size_t begin = out.size();
  resize_unset(out, begin + plain.size() + aead_tag_size);
  if (is_large(plain.size())) {
    seal_large(aead_out(out, begin), key, nonce, aad, plain);
    return;
  }
  crypto_aead_xchacha20poly1305_ietf_encrypt(aead_out(out, begin), nullptr, aead_in(plain), plain.size(),
                                             aead_in(aad), aad.size(), nullptr, aead_in(nonce),
                                             aead_in(key.expose()));
}

Result<Bytes> open(const Secret& key, BytesView nonce, BytesView aad, BytesView sealed) {
  ensure_sodium();
  const bool sizes_fit = key.expose().size() == aead_key_size && nonce.size() == aead_nonce_size &&
                         sealed.size() >= aead_tag_size;
  if (!sizes_fit) return fail(ErrorKind::corrupt, "corrupt", "sealed bytes do not verify", "wrong sizes");
  Bytes plain = unset_bytes(sealed.size() - aead_tag_size);
  if (is_large(plain.size())) {
    const ErrorQueueGuard guard;
    if (!open_large(plain, key, nonce, aad, sealed))
      return fail(ErrorKind::corrupt, "corrupt", "sealed bytes do not verify");
    return plain;
  }
  const int outcome = crypto_aead_xchacha20poly1305_ietf_decrypt(
      aead_out(plain), nullptr, nullptr, aead_in(sealed), sealed.size(), aead_in(aad), aad.size(),
      aead_in(nonce), aead_in(key.expose()));
  if (outcome != 0) return fail(ErrorKind::corrupt, "corrupt", "sealed bytes do not verify");
  return plain;
}

}  // namespace holdfast::crypto
