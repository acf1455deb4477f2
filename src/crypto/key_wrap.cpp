#include "holdfast/crypto/key_wrap.h"

#include <openssl/rsa.h>

#include "openssl_support.h"

namespace holdfast::crypto {
namespace {

bool is_wrapping_key(EVP_PKEY* key) {
  if (key == nullptr || EVP_PKEY_is_a(key, "RSA") == 0) return false;
  const int bits = EVP_PKEY_get_bits(key);
  return bits >= static_cast<int>(min_wrap_bits) && bits <= static_cast<int>(max_wrap_bits);
}

bool use_oaep_sha256(EVP_PKEY_CTX* context) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1;
}

std::unexpected<Error> refuse_wrapping_key() {
  return openssl_fail(ErrorKind::invalid, "invalid_key", "not an RSA key of 3072 to 8192 bits");
}

}  // namespace

Result<RsaRegionKey> RsaRegionKey::generate(unsigned bits) {
  const ErrorQueueGuard guard;
  if (bits < min_wrap_bits || bits > max_wrap_bits) return refuse_wrapping_key();
  PkeyPtr key(EVP_RSA_gen(bits));
  if (key == nullptr) return openssl_fail(ErrorKind::internal, "internal", "an RSA key cannot be made");
  return RsaRegionKey(share(std::move(key)));
}

Result<RsaRegionKey> RsaRegionKey::from_pem(std::string_view pem) {
  const ErrorQueueGuard guard;
  PkeyPtr key = private_key_from_pem(pem);
  if (!is_wrapping_key(key.get())) return refuse_wrapping_key();
  return RsaRegionKey(share(std::move(key)));
}

Result<Secret> RsaRegionKey::to_pem() const {
  const ErrorQueueGuard guard;
  return private_key_to_pem(key_->key.get());
}

Result<Secret> RsaRegionKey::unwrap(BytesView wrapped) const {
  const ErrorQueueGuard guard;
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_->key.get(), nullptr));
  const bool ready =
      context != nullptr && EVP_PKEY_decrypt_init(context.get()) == 1 && use_oaep_sha256(context.get());
  if (!ready) return openssl_fail(ErrorKind::internal, "internal", "a key cannot be unwrapped");
  Bytes plain(static_cast<std::size_t>(EVP_PKEY_get_size(key_->key.get())), '\0');
  std::size_t size = plain.size();
  const bool opened =
      EVP_PKEY_decrypt(context.get(), octets(plain), &size, octets(wrapped), wrapped.size()) == 1;
  Secret buffer(std::move(plain));  // wiped on every way out
  // No reason in the detail: it would tell a padding failure from others.
  if (!opened)
    return fail(ErrorKind::corrupt, "corrupt", "a wrapped key was not wrapped for this region key");
  return Secret(Bytes(buffer.expose().substr(0, size)));
}

Bytes RsaRegionKey::public_key_der() const {
  const ErrorQueueGuard guard;
  return public_key_to_der(key_->key.get());
}

Result<Bytes> wrap_for(BytesView public_key_der, const Secret& secret) {
  const ErrorQueueGuard guard;
  const PkeyPtr key = public_key_from_der(public_key_der);
  if (!is_wrapping_key(key.get())) return refuse_wrapping_key();
  Bytes wrapped(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())), '\0');
  if (secret.expose().size() > wrapped.size() - 66) {  // RFC 8017 §7.1.1: modulus − 2 × hash − 2
    return fail(ErrorKind::too_large, "secret_too_long", "the secret does not fit the wrapping key");
  }
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  std::size_t size = wrapped.size();
  const bool done = context != nullptr && EVP_PKEY_encrypt_init(context.get()) == 1 &&
                    use_oaep_sha256(context.get()) &&
                    EVP_PKEY_encrypt(context.get(), octets(wrapped), &size, octets(secret.expose()),
                                     secret.expose().size()) == 1;
  if (!done) return openssl_fail(ErrorKind::internal, "internal", "a key cannot be wrapped");
  wrapped.resize(size);
  return wrapped;
}

}  // namespace holdfast::crypto
