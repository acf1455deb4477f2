#include "holdfast/crypto/node_key.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "holdfast/base/encoding.h"
#include "holdfast/crypto/signing_key.h"

namespace holdfast::crypto {
namespace {

struct Ed25519Vector {
  std::string_view seed, public_key, message, signature;
};

// RFC 8032 §7.1, tests 1 to 3.
constexpr Ed25519Vector ed25519_vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f"
     "0595b"
     "be24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2ea"
     "eb430"
     "2aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e"
     "9716e"
     "d28dc027beceea1ec40a"},
};

// RFC 8410 §4: the fixed start of every Ed25519 SubjectPublicKeyInfo.
constexpr std::string_view ed25519_spki_start = "302a300506032b6570032100";

TEST(NodeKey, MatchesRfc8032) {
  for (const auto& vector : ed25519_vectors) {
    const auto key = NodeKey::from_private_bytes(Secret(from_hex(vector.seed).value()));
    ASSERT_TRUE(key.has_value());
    const Bytes message = from_hex(vector.message).value();
    EXPECT_EQ(to_hex(key->public_spki_der()), std::string(ed25519_spki_start).append(vector.public_key));
    EXPECT_EQ(to_hex(key->sign(message)), vector.signature);
    EXPECT_TRUE(NodeKey::verify(key->public_spki_der(), message, from_hex(vector.signature).value()));
    EXPECT_EQ(to_hex(key->private_bytes().expose()), vector.seed);
  }
}

TEST(NodeKey, RefusesWhatItDidNotSign) {
  const NodeKey key = NodeKey::generate().value();
  const NodeKey other = NodeKey::generate().value();
  const Bytes signature = key.sign("message");
  const Bytes spki = key.public_spki_der();
  EXPECT_TRUE(NodeKey::verify(spki, "message", signature));
  EXPECT_FALSE(NodeKey::verify(spki, "massage", signature));
  EXPECT_FALSE(NodeKey::verify(other.public_spki_der(), "message", signature));
  EXPECT_FALSE(NodeKey::verify(spki, "message", BytesView(signature).substr(1)));
  EXPECT_FALSE(NodeKey::verify(spki, "message", signature + '\0'));
  EXPECT_FALSE(NodeKey::verify(spki, "message", ""));
  EXPECT_FALSE(NodeKey::verify("", "message", signature));
  EXPECT_FALSE(NodeKey::verify(spki + '\0', "message", signature));
  EXPECT_FALSE(NodeKey::verify(BytesView(spki).substr(0, 43), "message", signature));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(NodeKey, RefusesKeysOfAnotherKind) {
  const auto p256 = SigningKey::generate(SigningAlgorithm::es256).value();
  EXPECT_FALSE(NodeKey::verify(p256.public_key().spki_der(), "message", p256.sign("message").value()));
}

TEST(NodeKey, RefusesPrivateBytesOfAnotherSize) {
  EXPECT_EQ(NodeKey::from_private_bytes(Secret(Bytes(31, 'k'))).error().kind, ErrorKind::corrupt);
  EXPECT_EQ(NodeKey::from_private_bytes(Secret()).error().kind, ErrorKind::corrupt);
  EXPECT_TRUE(NodeKey::generate()->private_key_pem().expose().starts_with("-----BEGIN PRIVATE KEY-----"));
}

}  // namespace
}  // namespace holdfast::crypto
