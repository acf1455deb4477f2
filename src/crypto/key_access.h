#pragma once

#include "holdfast/crypto/node_key.h"
#include "holdfast/crypto/signing_key.h"
#include "openssl_support.h"

namespace holdfast::crypto {

/// The room's way from its public key classes to OpenSSL's key and back.
class KeyAccess {
 public:
  static EVP_PKEY* of(const VerifyingKey& key) { return key.key_->key.get(); }
  static EVP_PKEY* of(const SigningKey& key) { return of(key.public_key_); }
  static SignContexts& contexts_of(const SigningKey& key) { return key.public_key_.key_->sign_contexts; }
  static EVP_PKEY* of(const NodeKey& key) { return key.key_->key.get(); }

  /// `invalid` if the key does not fit the algorithm.
  static Result<VerifyingKey> verifying_key(SigningAlgorithm algorithm, PkeyPtr key);
};

}  // namespace holdfast::crypto
