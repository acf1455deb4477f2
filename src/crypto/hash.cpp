#include "holdfast/crypto/hash.h"

#include <sodium.h>

#include <algorithm>

#include "defect.h"
#include "openssl_support.h"
#include "sodium_ready.h"

namespace holdfast::crypto {

/// `context` holds the running digest and is gone once finished.
struct DigestState {
  MdContextPtr context;
};

namespace {

// Fetched once: looking an algorithm up by name costs more than hashing a small record. Lives as long as the
// process.
const EVP_MD* digest_named(const char* name) {
  const EVP_MD* found = EVP_MD_fetch(nullptr, name, nullptr);
  must(found != nullptr, "OpenSSL lacks a digest");
  return found;
}

const EVP_MD* sha256_digest() {
  static const EVP_MD* const found = digest_named("SHA256");
  return found;
}

const EVP_MD* md5_digest() {
  static const EVP_MD* const found = digest_named("MD5");
  return found;
}

}  // namespace

Digest::Digest(Algorithm algorithm) : state_(std::make_unique<DigestState>()) {
  state_->context.reset(EVP_MD_CTX_new());
  const EVP_MD* digest = algorithm == Algorithm::sha256 ? sha256_digest() : md5_digest();
  must(state_->context != nullptr && EVP_DigestInit_ex2(state_->context.get(), digest, nullptr) == 1,
       "a digest does not start");
}

Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;
Digest::~Digest() = default;

void Digest::update(BytesView bytes) {
  must(state_ != nullptr && state_->context != nullptr, "a finished digest is used again");
  must(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1, "a digest fails");
}

Bytes Digest::finish() {
  must(state_ != nullptr && state_->context != nullptr, "a finished digest is used again");
  Bytes digest(static_cast<std::size_t>(EVP_MD_CTX_get_size(state_->context.get())), '\0');
  must(EVP_DigestFinal_ex(state_->context.get(), octets(digest), nullptr) == 1, "a digest fails");
  state_->context.reset();
  return digest;
}

Bytes sha256(BytesView bytes) {
  Bytes digest(sha256_size, '\0');
  must(EVP_Digest(bytes.data(), bytes.size(), octets(digest), nullptr, sha256_digest(), nullptr) == 1,
       "a digest fails");
  return digest;
}

// libsodium rather than EVP_MAC: it takes any key length, cannot fail, and needs no allocation for the small
// inputs that Holdfast has.
Bytes hmac_sha256(BytesView key, BytesView data) {
  ensure_sodium();
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, octets(key), key.size());
  crypto_auth_hmacsha256_update(&state, octets(data), data.size());
  Bytes tag(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256_final(&state, octets(tag));
  sodium_memzero(&state, sizeof state);
  return tag;
}

Secret hkdf_sha256(BytesView key, BytesView salt, BytesView info, std::size_t size) {
  must(size <= 255 * sha256_size, "HKDF is asked for too much");
  const Secret extracted(hmac_sha256(salt, key));  // §2.2; an empty salt equals 32 zero bytes
  Bytes output;
  output.reserve(size + sha256_size);  // no reallocation: it would leave key material behind
  Secret block;
  for (unsigned char counter = 1; output.size() < size; ++counter) {  // §2.3
    Bytes input;
    input.reserve(sha256_size + info.size() + 1);
    input.append(block.expose()).append(info).push_back(static_cast<char>(counter));
    const Secret wiped_input(std::move(input));
    block = Secret(hmac_sha256(extracted.expose(), wiped_input.expose()));
    output.append(block.expose());
  }
  output.resize(size);
  return Secret(std::move(output));
}

bool equal_constant_time(BytesView a, BytesView b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace holdfast::crypto
