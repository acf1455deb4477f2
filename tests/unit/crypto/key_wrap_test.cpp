#include "holdfast/crypto/key_wrap.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "holdfast/base/encoding.h"
#include "holdfast/crypto/random.h"
#include "holdfast/crypto/signing_key.h"
#include "openssl_support.h"
#include "rsa_oaep_vectors.h"

namespace holdfast::crypto {
namespace {

RsaRegionKey wycheproof_key() {
  const PkeyPtr key = private_key_from_der(from_hex(oaep_vectors::private_key_pkcs8_hex).value());
  return RsaRegionKey::from_pem(private_key_to_pem(key.get()).expose()).value();
}

// Making one takes a second: the tests share it.
const RsaRegionKey& shared_region_key() {
  static const RsaRegionKey key = RsaRegionKey::generate().value();
  return key;
}

TEST(KeyWrap, OpensAndRefusesWhatWycheproofSays) {
  const RsaRegionKey key = wycheproof_key();
  for (const auto& vector : oaep_vectors::vectors) {
    const auto opened = key.unwrap(from_hex(vector.ciphertext_hex).value());
    ASSERT_EQ(opened.has_value(), vector.valid) << "tcId " << vector.tc_id;
    if (opened) {
      EXPECT_EQ(to_hex(opened->expose()), vector.message_hex) << "tcId " << vector.tc_id;
    } else {
      EXPECT_EQ(opened.error().kind, ErrorKind::corrupt);
      EXPECT_EQ(opened.error().detail, "");
    }
    EXPECT_EQ(ERR_peek_error(), 0U) << "an error was left for the next TLS call";
  }
}

TEST(KeyWrap, OpensWhatWasWrappedForIt) {
  const Secret root = random_secret(32);
  const auto wrapped = wrap_for(shared_region_key().public_key_der(), root);
  ASSERT_TRUE(wrapped.has_value());
  EXPECT_EQ(wrapped->size(), 384U);
  EXPECT_EQ(shared_region_key().unwrap(*wrapped)->expose(), root.expose());
  EXPECT_FALSE(wycheproof_key().unwrap(*wrapped).has_value());
  EXPECT_NE(wrap_for(shared_region_key().public_key_der(), root), *wrapped);
}

TEST(KeyWrap, TakesSecretsUpToTheModulusLessTwoHashes) {
  const Bytes spki = shared_region_key().public_key_der();
  const auto longest = wrap_for(spki, Secret(Bytes(318, 's')));
  ASSERT_TRUE(longest.has_value());
  EXPECT_EQ(shared_region_key().unwrap(*longest)->expose(), Bytes(318, 's'));
  EXPECT_EQ(wrap_for(spki, Secret(Bytes(319, 's'))).error().kind, ErrorKind::too_large);
}

TEST(KeyWrap, GoesThroughPem) {
  const Secret pem = shared_region_key().to_pem().value();
  EXPECT_TRUE(pem.expose().starts_with("-----BEGIN PRIVATE KEY-----\n"));
  const auto again = RsaRegionKey::from_pem(pem.expose());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->public_key_der(), shared_region_key().public_key_der());
}

TEST(KeyWrap, RefusesSmallKeysAndOtherKinds) {
  EXPECT_EQ(RsaRegionKey::generate(2048).error().kind, ErrorKind::invalid);
  const auto small = SigningKey::generate(SigningAlgorithm::rs256, 2048).value();
  const auto curve = SigningKey::generate(SigningAlgorithm::es256).value();
  const Secret secret = random_secret(32);
  for (const auto& key : {small, curve}) {
    EXPECT_EQ(wrap_for(key.public_key().spki_der(), secret).error().kind, ErrorKind::invalid);
    const PkeyPtr pkey = private_key_from_der(key.private_der().expose());
    EXPECT_EQ(RsaRegionKey::from_pem(private_key_to_pem(pkey.get()).expose()).error().kind,
              ErrorKind::invalid);
  }
  EXPECT_EQ(wrap_for("", secret).error().kind, ErrorKind::invalid);
  EXPECT_EQ(wrap_for(shared_region_key().public_key_der() + '\0', secret).error().kind, ErrorKind::invalid);
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(KeyWrap, RefusesPemThatIsNoneAndNeverAsksForAPassphrase) {
  EXPECT_FALSE(RsaRegionKey::from_pem("").has_value());
  EXPECT_FALSE(
      RsaRegionKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").has_value());
  const PkeyPtr key = private_key_from_pem(shared_region_key().to_pem()->expose());
  const BioPtr bio(BIO_new(BIO_s_mem()));
  ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), EVP_aes_256_cbc(), "passphrase", 10, nullptr,
                                          nullptr),
            1);
  EXPECT_EQ(RsaRegionKey::from_pem(written(bio.get())).error().kind, ErrorKind::invalid);
}

}  // namespace
}  // namespace holdfast::crypto
