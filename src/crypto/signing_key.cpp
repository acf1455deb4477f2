#include "holdfast/crypto/signing_key.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <array>

#include "defect.h"
#include "holdfast/crypto/hash.h"
#include "key_access.h"

namespace holdfast::crypto {
namespace {

using EcdsaSignaturePtr = OpensslPtr<ECDSA_SIG, ECDSA_SIG_free>;
using BignumPtr = OpensslPtr<BIGNUM, BN_free>;

constexpr int p256_scalar_size = 32;
constexpr std::size_t es256_signature_size = 64;

bool is_rsa_for_signing(EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (EVP_PKEY_is_a(key, "RSA") == 0 || bits < static_cast<int>(min_rsa_signing_bits) ||
      bits > static_cast<int>(max_rsa_signing_bits)) {
    return false;
  }
  // An even or tiny exponent would let anybody sign; a huge one makes each verification slow.
  BIGNUM* raw = nullptr;
  const bool known = EVP_PKEY_get_bn_param(key, "e", &raw) == 1;
  const BignumPtr exponent(raw);
  return known && BN_is_odd(exponent.get()) != 0 && BN_num_bits(exponent.get()) >= 2 &&
         BN_num_bits(exponent.get()) <= 64;
}

bool is_p256(EVP_PKEY* key) {
  std::array<char, 32> group{};
  return EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
         std::string_view(group.data()) == "prime256v1";
}

// RFC 7518 §3.4: r ‖ s at fixed width, where OpenSSL speaks DER.
Bytes ecdsa_der_to_raw(BytesView der) {
  const unsigned char* at = octets(der);
  const EcdsaSignaturePtr parsed(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  must(parsed != nullptr, "OpenSSL makes a bad signature");
  Bytes raw(es256_signature_size, '\0');
  const bool fits =
      BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), octets(raw), p256_scalar_size) == p256_scalar_size &&
      BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), octets(raw) + p256_scalar_size, p256_scalar_size) ==
          p256_scalar_size;
  must(fits, "OpenSSL makes a bad signature");
  return raw;
}

// Empty when `raw` is not 64 bytes; values out of range are left to OpenSSL's verification.
Bytes ecdsa_raw_to_der(BytesView raw) {
  if (raw.size() != es256_signature_size) return {};
  const EcdsaSignaturePtr signature(ECDSA_SIG_new());
  BignumPtr r(BN_bin2bn(octets(raw), p256_scalar_size, nullptr));
  BignumPtr s(BN_bin2bn(octets(raw) + p256_scalar_size, p256_scalar_size, nullptr));
  if (signature == nullptr || r == nullptr || s == nullptr) return {};
  if (ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
  static_cast<void>(r.release());  // now owned by the signature
  static_cast<void>(s.release());
  const int size = i2d_ECDSA_SIG(signature.get(), nullptr);
  if (size <= 0) return {};
  Bytes der(static_cast<std::size_t>(size), '\0');
  unsigned char* at = octets(der);
  return i2d_ECDSA_SIG(signature.get(), &at) == size ? der : Bytes();
}

/// Ready to sign SHA-256 digests: RS256's padding, or ECDSA. Null when OpenSSL refuses.
PkeyContextPtr new_sign_context(EVP_PKEY* key, SigningAlgorithm algorithm) {
  PkeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  const bool ready = context != nullptr && EVP_PKEY_sign_init(context.get()) == 1 &&
                     EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) == 1 &&
                     (algorithm == SigningAlgorithm::es256 ||
                      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1);
  return ready ? std::move(context) : nullptr;
}

}  // namespace

std::string_view to_string(SigningAlgorithm algorithm) {
  switch (algorithm) {
    case SigningAlgorithm::rs256:
      return "RS256";
    case SigningAlgorithm::es256:
      return "ES256";
  }
  return "";
}

std::optional<SigningAlgorithm> signing_algorithm_from(std::string_view jose_name) {
  if (jose_name == "RS256") return SigningAlgorithm::rs256;
  if (jose_name == "ES256") return SigningAlgorithm::es256;
  return std::nullopt;
}

Result<VerifyingKey> KeyAccess::verifying_key(SigningAlgorithm algorithm, PkeyPtr key) {
  const bool fits = key != nullptr && (algorithm == SigningAlgorithm::rs256   ? is_rsa_for_signing(key.get())
                                       : algorithm == SigningAlgorithm::es256 ? is_p256(key.get())
                                                                              : false);
  if (!fits) return openssl_fail(ErrorKind::invalid, "invalid_key", "the key does not fit its algorithm");
  return VerifyingKey(algorithm, share(std::move(key)));
}

Result<VerifyingKey> VerifyingKey::from_spki_der(SigningAlgorithm algorithm, BytesView spki_der) {
  const ErrorQueueGuard guard;
  return KeyAccess::verifying_key(algorithm, public_key_from_der(spki_der));
}

Bytes VerifyingKey::spki_der() const {
  const ErrorQueueGuard guard;
  return public_key_to_der(key_->key.get());
}

bool VerifyingKey::verify(BytesView message, BytesView signature) const {
  const ErrorQueueGuard guard;
  Bytes der;
  if (algorithm_ == SigningAlgorithm::es256) {
    der = ecdsa_raw_to_der(signature);
    if (der.empty()) return false;
    signature = der;
  }
  // RSA keys use PKCS #1 v1.5 padding unless told otherwise: exactly RS256.
  const MdContextPtr context(EVP_MD_CTX_new());
  return context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_->key.get()) == 1 &&
         EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message),
                          message.size()) == 1;
}

Result<SigningKey> SigningKey::generate(SigningAlgorithm algorithm, unsigned rsa_bits) {
  const ErrorQueueGuard guard;
  if (algorithm == SigningAlgorithm::rs256 &&
      (rsa_bits < min_rsa_signing_bits || rsa_bits > max_rsa_signing_bits)) {
    return fail(ErrorKind::invalid, "invalid_key", "an RS256 key has 2048 to 8192 bits");
  }
  PkeyPtr key(algorithm == SigningAlgorithm::rs256 ? EVP_RSA_gen(rsa_bits) : EVP_EC_gen("P-256"));
  if (key == nullptr) return openssl_fail(ErrorKind::internal, "internal", "a signing key cannot be made");
  TRY(auto verifying, KeyAccess::verifying_key(algorithm, std::move(key)));
  return SigningKey(std::move(verifying));
}

Result<SigningKey> SigningKey::from_private_der(SigningAlgorithm algorithm, const Secret& pkcs8_der) {
  const ErrorQueueGuard guard;
  auto verifying = KeyAccess::verifying_key(algorithm, private_key_from_der(pkcs8_der.expose()));
  if (!verifying) {
    return fail(ErrorKind::corrupt, "corrupt", "a stored signing key is damaged", verifying.error().detail);
  }
  return SigningKey(*std::move(verifying));
}

Secret SigningKey::private_der() const {
  const ErrorQueueGuard guard;
  return private_key_to_der(KeyAccess::of(*this));
}

Result<Bytes> SigningKey::sign(BytesView message) const {
  const ErrorQueueGuard guard;
  auto& contexts = KeyAccess::contexts_of(*this);
  auto context = contexts.take();
  if (context == nullptr) context = new_sign_context(KeyAccess::of(*this), algorithm());
  const Bytes digest = sha256(message);
  Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(KeyAccess::of(*this))), '\0');
  std::size_t size = signature.size();
  const bool done = context != nullptr && EVP_PKEY_sign(context.get(), octets(signature), &size,
                                                        octets(digest), digest.size()) == 1;
  if (!done) return openssl_fail(ErrorKind::internal, "internal", "a token cannot be signed");
  contexts.give_back(std::move(context));
  signature.resize(size);
  return algorithm() == SigningAlgorithm::es256 ? ecdsa_der_to_raw(signature) : signature;
}

}  // namespace holdfast::crypto
