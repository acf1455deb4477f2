#include "openssl_support.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <climits>

#include "defect.h"

namespace holdfast::crypto {
namespace {

using Pkcs8Ptr = OpensslPtr<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;

int refuse_passphrase(char*, int, int, void*) { return -1; }

// A BIO that wipes what it held: BIO_CTRL of the secure-memory kind is not enough where no secure heap is set
// up.
class SecretBio {
 public:
  SecretBio() : bio_(BIO_new(BIO_s_mem())) { must(bio_ != nullptr, "no memory for a private key"); }
  SecretBio(const SecretBio&) = delete;
  SecretBio& operator=(const SecretBio&) = delete;
  ~SecretBio() {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio_.get(), &data);
    if (size > 0) OPENSSL_cleanse(data, static_cast<std::size_t>(size));
  }

  BIO* get() { return bio_.get(); }

 private:
  BioPtr bio_;
};

}  // namespace

PkeyContextPtr SignContexts::take() {
  const std::scoped_lock lock(mutex_);
  if (idle_.empty()) return nullptr;
  auto context = std::move(idle_.back());
  idle_.pop_back();
  return context;
}

void SignContexts::give_back(PkeyContextPtr context) {
  const std::scoped_lock lock(mutex_);
  if (idle_.size() < most_kept) idle_.push_back(std::move(context));
}

std::shared_ptr<const PkeyHandle> share(PkeyPtr key) {
  return std::make_shared<const PkeyHandle>(std::move(key));
}

ErrorQueueGuard::~ErrorQueueGuard() { ERR_clear_error(); }

std::unexpected<Error> openssl_fail(ErrorKind kind, std::string_view code, std::string message) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return fail(kind, code, std::move(message), reason == nullptr ? "openssl gives no reason" : reason);
}

BioPtr reading_bio(BytesView bytes) {
  if (bytes.size() > INT_MAX) return nullptr;
  return BioPtr(BIO_new_mem_buf(bytes.empty() ? "" : bytes.data(), static_cast<int>(bytes.size())));
}

Bytes written(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? Bytes(data, static_cast<std::size_t>(size)) : Bytes();
}

PkeyPtr public_key_from_der(BytesView spki_der) {
  const unsigned char* at = octets(spki_der);
  PkeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki_der.size())));
  if (key == nullptr || at != octets(spki_der) + spki_der.size()) return nullptr;
  return key;
}

Bytes public_key_to_der(EVP_PKEY* key) {
  const int size = i2d_PUBKEY(key, nullptr);
  must(size > 0, "a public key has no DER form");
  Bytes der(static_cast<std::size_t>(size), '\0');
  unsigned char* at = octets(der);
  must(i2d_PUBKEY(key, &at) == size, "a public key has no DER form");
  return der;
}

PkeyPtr private_key_from_der(BytesView pkcs8_der) {
  const unsigned char* at = octets(pkcs8_der);
  const Pkcs8Ptr info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(pkcs8_der.size())));
  if (info == nullptr || at != octets(pkcs8_der) + pkcs8_der.size()) return nullptr;
  return PkeyPtr(EVP_PKCS82PKEY(info.get()));
}

Secret private_key_to_der(EVP_PKEY* key) {
  const Pkcs8Ptr info(EVP_PKEY2PKCS8(key));
  must(info != nullptr, "a private key has no PKCS #8 form");
  const int size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr);
  must(size > 0, "a private key has no DER form");
  Bytes der(static_cast<std::size_t>(size), '\0');
  unsigned char* at = octets(der);
  must(i2d_PKCS8_PRIV_KEY_INFO(info.get(), &at) == size, "a private key has no DER form");
  return Secret(std::move(der));
}

PkeyPtr private_key_from_pem(BytesView pem) {
  const BioPtr bio = reading_bio(pem);
  if (bio == nullptr) return nullptr;
  return PkeyPtr(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, nullptr));
}

Secret private_key_to_pem(EVP_PKEY* key) {
  SecretBio bio;
  must(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
       "a private key has no PEM form");
  return Secret(written(bio.get()));
}

}  // namespace holdfast::crypto
