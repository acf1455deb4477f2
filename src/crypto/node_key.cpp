#include "holdfast/crypto/node_key.h"

#include "defect.h"
#include "openssl_support.h"

namespace holdfast::crypto {

Result<NodeKey> NodeKey::generate() {
  const ErrorQueueGuard guard;
  PkeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (key == nullptr) return openssl_fail(ErrorKind::internal, "internal", "a node key cannot be made");
  return NodeKey(share(std::move(key)));
}

Result<NodeKey> NodeKey::from_private_bytes(const Secret& bytes) {
  const ErrorQueueGuard guard;
  PkeyPtr key(EVP_PKEY_new_raw_private_key_ex(nullptr, "ED25519", nullptr, octets(bytes.expose()),
                                              bytes.expose().size()));
  if (key == nullptr) return openssl_fail(ErrorKind::corrupt, "corrupt", "not a node key");
  return NodeKey(share(std::move(key)));
}

Secret NodeKey::private_bytes() const {
  const ErrorQueueGuard guard;
  Bytes bytes(ed25519_private_size, '\0');
  std::size_t size = bytes.size();
  must(EVP_PKEY_get_raw_private_key(key_->key.get(), octets(bytes), &size) == 1 && size == bytes.size(),
       "a node key has no private bytes");
  return Secret(std::move(bytes));
}

Secret NodeKey::private_key_pem() const {
  const ErrorQueueGuard guard;
  return private_key_to_pem(key_->key.get());
}

Bytes NodeKey::public_spki_der() const {
  const ErrorQueueGuard guard;
  return public_key_to_der(key_->key.get());
}

Bytes NodeKey::sign(BytesView message) const {
  const ErrorQueueGuard guard;
  const MdContextPtr context(EVP_MD_CTX_new());
  Bytes signature(ed25519_signature_size, '\0');
  std::size_t size = signature.size();
  must(context != nullptr &&
           EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_->key.get()) == 1 &&
           EVP_DigestSign(context.get(), octets(signature), &size, octets(message), message.size()) == 1 &&
           size == signature.size(),
       "a node key does not sign");
  return signature;
}

bool NodeKey::verify(BytesView spki_der, BytesView message, BytesView signature) {
  const ErrorQueueGuard guard;
  const PkeyPtr key = public_key_from_der(spki_der);
  if (key == nullptr || EVP_PKEY_is_a(key.get(), "ED25519") == 0) return false;
  const MdContextPtr context(EVP_MD_CTX_new());
  return context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message),
                          message.size()) == 1;
}

}  // namespace holdfast::crypto
