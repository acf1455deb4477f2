#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "holdfast/base/result.h"
#include "holdfast/base/secret.h"

/// OpenSSL 3 behind a wall: handles that free themselves, keys in and out of their standard forms, and errors
/// that leave this room as Result. Nothing here is seen outside the room.
namespace holdfast::crypto {

template <auto Free>
struct OpensslFree {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
template <class T, auto Free>
using OpensslPtr = std::unique_ptr<T, OpensslFree<Free>>;

using BioPtr = OpensslPtr<BIO, BIO_free_all>;
using MdContextPtr = OpensslPtr<EVP_MD_CTX, EVP_MD_CTX_free>;
using PkeyPtr = OpensslPtr<EVP_PKEY, EVP_PKEY_free>;
using PkeyContextPtr = OpensslPtr<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using X509Ptr = OpensslPtr<X509, X509_free>;

/// Contexts that are ready to sign with one key: making one looks its algorithms up by name, for longer than
/// an answer without a signature takes. Thread-safe; a context is used by one thread at a time.
class SignContexts {
 public:
  /// Null when there is none.
  PkeyContextPtr take();
  void give_back(PkeyContextPtr context);

 private:
  static constexpr std::size_t most_kept = 16;
  std::mutex mutex_;
  std::vector<PkeyContextPtr> idle_;
};

/// What the public key classes share between their copies. OpenSSL's own calls take a non-const key but only
/// read it; concurrent use is safe.
struct PkeyHandle {
  explicit PkeyHandle(PkeyPtr from) : key(std::move(from)) {}
  PkeyPtr key;
  mutable SignContexts sign_contexts;
};

std::shared_ptr<const PkeyHandle> share(PkeyPtr key);

/// Empties this thread's OpenSSL error queue when the scope ends: an entry left behind would be blamed on the
/// thread's next TLS call (SSL_get_error). Every function of the room that may fail inside OpenSSL opens with
/// one.
class ErrorQueueGuard {
 public:
  ErrorQueueGuard() = default;
  ErrorQueueGuard(const ErrorQueueGuard&) = delete;
  ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
  ~ErrorQueueGuard();
};

/// An error whose detail is OpenSSL's reason text (a constant of the library, never data).
std::unexpected<Error> openssl_fail(ErrorKind kind, std::string_view code, std::string message);

inline const unsigned char* octets(BytesView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* octets(Bytes& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

/// Reads memory; null when there is no memory or more than 2 GiB.
BioPtr reading_bio(BytesView bytes);
/// What was written into a memory BIO.
Bytes written(BIO* bio);

/// All of the input must be one DER SubjectPublicKeyInfo; null otherwise.
PkeyPtr public_key_from_der(BytesView spki_der);
Bytes public_key_to_der(EVP_PKEY* key);
/// All of the input must be one unencrypted PKCS #8 structure; null otherwise.
PkeyPtr private_key_from_der(BytesView pkcs8_der);
Secret private_key_to_der(EVP_PKEY* key);
/// The first unencrypted private key of a PEM text; never asks for a passphrase. Null otherwise.
PkeyPtr private_key_from_pem(BytesView pem);
Secret private_key_to_pem(EVP_PKEY* key);

}  // namespace holdfast::crypto
