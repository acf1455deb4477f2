#include "holdfast/crypto/signing_key.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <atomic>
#include <thread>
#include <vector>

#include "ecdsa_p1363_vectors.h"
#include "holdfast/base/encoding.h"
#include "holdfast/crypto/node_key.h"
#include "openssl_support.h"
#include "rfc7515_keys.h"

namespace holdfast::crypto {
namespace {

TEST(SigningKey, GoesThroughItsPrivateForm) {
  for (const auto algorithm : {SigningAlgorithm::rs256, SigningAlgorithm::es256}) {
    const auto key = SigningKey::generate(algorithm).value();
    const auto again = SigningKey::from_private_der(algorithm, key.private_der());
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->algorithm(), algorithm);
    EXPECT_EQ(again->public_key().spki_der(), key.public_key().spki_der());
    const auto verifier = VerifyingKey::from_spki_der(algorithm, key.public_key().spki_der());
    ASSERT_TRUE(verifier.has_value());
    const Bytes signature = again->sign("message").value();
    EXPECT_TRUE(verifier->verify("message", signature));
    EXPECT_FALSE(verifier->verify("massage", signature));
    EXPECT_FALSE(verifier->verify("message", BytesView(signature).substr(1)));
    EXPECT_FALSE(verifier->verify("message", signature + '\0'));
    EXPECT_FALSE(verifier->verify("message", ""));
    EXPECT_EQ(ERR_peek_error(), 0U) << "an error was left for the next TLS call";
  }
}

TEST(SigningKey, MakesSignaturesOfJoseForm) {
  EXPECT_EQ(SigningKey::generate(SigningAlgorithm::rs256)->sign("x")->size(), 256U);
  const auto curve = SigningKey::generate(SigningAlgorithm::es256).value();
  // r or s is short in DER once in about 128 signatures: the fixed width must hold then too.
  for (int i = 0; i < 600; ++i) {
    const Bytes signature = curve.sign("x").value();
    ASSERT_EQ(signature.size(), 64U);
    ASSERT_TRUE(curve.public_key().verify("x", signature));
  }
}

TEST(SigningKey, SignsInManyThreadsAtOnce) {
  for (const auto algorithm : {SigningAlgorithm::rs256, SigningAlgorithm::es256}) {
    const auto key = SigningKey::generate(algorithm).value();
    std::atomic<int> right = 0;
    std::vector<std::jthread> threads;
    for (int number = 0; number < 24; ++number) {  // more than contexts are kept
      threads.emplace_back([&key, &right, number] {
        for (int i = 0; i < 10; ++i) {
          const auto message = std::to_string(number) + "." + std::to_string(i);
          if (key.public_key().verify(message, key.sign(message).value_or(Bytes()))) ++right;
        }
      });
    }
    threads.clear();
    EXPECT_EQ(right, 240);
  }
}

TEST(SigningKey, VerifiesAndRefusesWhatWycheproofSays) {
  const auto key = VerifyingKey::from_spki_der(SigningAlgorithm::es256,
                                               from_hex(p1363_vectors::public_key_der_hex).value());
  ASSERT_TRUE(key.has_value());
  for (const auto& vector : p1363_vectors::vectors) {
    EXPECT_EQ(key->verify(from_hex(vector.message_hex).value(), from_hex(vector.signature_hex).value()),
              vector.valid)
        << "tcId " << vector.tc_id;
  }
}

TEST(SigningKey, RefusesADerSignature) {
  const auto key = SigningKey::from_private_der(SigningAlgorithm::es256, rfc7515::ec_private_der()).value();
  const PkeyPtr pkey = private_key_from_der(rfc7515::ec_private_der().expose());
  const MdContextPtr context(EVP_MD_CTX_new());
  Bytes signature(80, '\0');
  std::size_t size = signature.size();
  ASSERT_EQ(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, pkey.get()), 1);
  ASSERT_EQ(EVP_DigestSign(context.get(), octets(signature), &size, octets(BytesView("m")), 1), 1);
  signature.resize(size);
  EXPECT_FALSE(key.public_key().verify("m", signature));
}

TEST(SigningKey, RefusesKeysThatDoNotFitTheAlgorithm) {
  const auto rsa = SigningKey::generate(SigningAlgorithm::rs256).value();
  const auto curve = SigningKey::generate(SigningAlgorithm::es256).value();
  EXPECT_EQ(VerifyingKey::from_spki_der(SigningAlgorithm::es256, rsa.public_key().spki_der()).error().kind,
            ErrorKind::invalid);
  EXPECT_EQ(VerifyingKey::from_spki_der(SigningAlgorithm::rs256, curve.public_key().spki_der()).error().kind,
            ErrorKind::invalid);
  EXPECT_EQ(SigningKey::from_private_der(SigningAlgorithm::rs256, curve.private_der()).error().kind,
            ErrorKind::corrupt);
  EXPECT_EQ(SigningKey::from_private_der(SigningAlgorithm::rs256, Secret(Bytes("junk"))).error().kind,
            ErrorKind::corrupt);
  EXPECT_EQ(VerifyingKey::from_spki_der(SigningAlgorithm::rs256, NodeKey::generate()->public_spki_der())
                .error()
                .kind,
            ErrorKind::invalid);
  EXPECT_FALSE(
      VerifyingKey::from_spki_der(static_cast<SigningAlgorithm>(9), rsa.public_key().spki_der()).has_value());
}

TEST(SigningKey, RefusesWeakKeys) {
  EXPECT_EQ(SigningKey::generate(SigningAlgorithm::rs256, 1024).error().kind, ErrorKind::invalid);
  EXPECT_EQ(SigningKey::generate(SigningAlgorithm::rs256, 16384).error().kind, ErrorKind::invalid);
  const PkeyPtr small(EVP_RSA_gen(1024));
  EXPECT_FALSE(
      VerifyingKey::from_spki_der(SigningAlgorithm::rs256, public_key_to_der(small.get())).has_value());
  const PkeyPtr other_curve(EVP_EC_gen("secp256k1"));
  EXPECT_FALSE(
      VerifyingKey::from_spki_der(SigningAlgorithm::es256, public_key_to_der(other_curve.get())).has_value());
}

TEST(SigningAlgorithm, GoesByItsJoseName) {
  EXPECT_EQ(to_string(SigningAlgorithm::rs256), "RS256");
  EXPECT_EQ(to_string(SigningAlgorithm::es256), "ES256");
  EXPECT_EQ(signing_algorithm_from("RS256"), SigningAlgorithm::rs256);
  EXPECT_EQ(signing_algorithm_from("ES256"), SigningAlgorithm::es256);
  for (const auto name : {"none", "HS256", "rs256", "RS256 ", ""})
    EXPECT_EQ(signing_algorithm_from(name), std::nullopt);
}

// Stored with every key.
TEST(SigningAlgorithm, KeepsItsNumbers) {
  EXPECT_EQ(static_cast<int>(SigningAlgorithm::rs256), 1);
  EXPECT_EQ(static_cast<int>(SigningAlgorithm::es256), 2);
}

}  // namespace
}  // namespace holdfast::crypto
