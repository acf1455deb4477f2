#include "holdfast/crypto/aead.h"

#include <gtest/gtest.h>

#include "holdfast/base/encoding.h"
#include "holdfast/crypto/random.h"

namespace holdfast::crypto {
namespace {

constexpr std::string_view aead_key_hex = "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f";
constexpr std::string_view aead_nonce_hex = "404142434445464748494a4b4c4d4e4f5051525354555657";
constexpr std::string_view aead_aad_hex = "50515253c0c1c2c3c4c5c6c7";
constexpr std::string_view aead_plain =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen "
    "would "
    "be it.";
constexpr std::string_view aead_sealed_hex =
    "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c670"
    "8c54"
    "c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da97688"
    "12f6"
    "15c68b13b52ec0875924c1c7987947deafd8780acf49";

Bytes aead_hex(std::string_view hex) { return from_hex(hex).value(); }

// draft-irtf-cfrg-xchacha-03 appendix A.3.1. This also pins our stored form: ciphertext, then tag.
TEST(Aead, MatchesTheDraftsVectorBothWays) {
  const Secret key(aead_hex(aead_key_hex));
  const Bytes sealed = seal(key, aead_hex(aead_nonce_hex), aead_hex(aead_aad_hex), aead_plain);
  EXPECT_EQ(to_hex(sealed), aead_sealed_hex);
  EXPECT_EQ(open(key, aead_hex(aead_nonce_hex), aead_hex(aead_aad_hex), sealed), Bytes(aead_plain));
}

TEST(Aead, RefusesEveryFlippedBit) {
  const Secret key = random_secret(aead_key_size);
  const Bytes nonce = random_nonce();
  const Bytes sealed = seal(key, nonce, "aad", "some text");
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes damaged = sealed;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    const auto opened = open(key, nonce, "aad", damaged);
    ASSERT_FALSE(opened.has_value()) << "bit " << bit;
    EXPECT_EQ(opened.error().kind, ErrorKind::corrupt);
  }
}

TEST(Aead, RefusesAnotherKeyNonceOrAad) {
  const Secret key = random_secret(aead_key_size);
  const Bytes nonce = random_nonce();
  const Bytes sealed = seal(key, nonce, "aad", "text");
  EXPECT_FALSE(open(random_secret(aead_key_size), nonce, "aad", sealed).has_value());
  EXPECT_FALSE(open(key, random_nonce(), "aad", sealed).has_value());
  EXPECT_FALSE(open(key, nonce, "aae", sealed).has_value());
  EXPECT_FALSE(open(key, nonce, "", sealed).has_value());
  EXPECT_TRUE(open(key, nonce, "aad", sealed).has_value());
}

TEST(Aead, RefusesWrongSizesInsteadOfReadingPastThem) {
  const Secret key = random_secret(aead_key_size);
  const Bytes nonce = random_nonce();
  const Bytes sealed = seal(key, nonce, "", "");
  EXPECT_EQ(sealed.size(), aead_tag_size);
  EXPECT_EQ(open(key, nonce, "", sealed), Bytes());
  EXPECT_FALSE(open(key, nonce, "", BytesView(sealed).substr(1)).has_value());
  EXPECT_FALSE(open(key, nonce, "", "").has_value());
  EXPECT_FALSE(open(key, BytesView(nonce).substr(1), "", sealed).has_value());
  EXPECT_FALSE(open(Secret(Bytes(31, 'k')), nonce, "", sealed).has_value());
}

TEST(AeadDeathTest, SealingWithAWrongSizeStops) {
  EXPECT_DEATH(static_cast<void>(seal(Secret(Bytes(31, 'k')), random_nonce(), "", "x")), "sealing key");
  EXPECT_DEATH(static_cast<void>(seal(random_secret(aead_key_size), "short", "", "x")), "sealing nonce");
}

}  // namespace
}  // namespace holdfast::crypto
