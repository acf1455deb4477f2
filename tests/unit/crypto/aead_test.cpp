#include "holdfast/crypto/aead.h"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

#include "holdfast/base/encoding.h"
#include "holdfast/crypto/hash.h"
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

// Large texts take another implementation: the digests are of what libsodium made of the same input.
TEST(Aead, SealsLargeTextsToTheSameBytes) {
  const Secret key(aead_hex(aead_key_hex));
  const Bytes nonce = aead_hex(aead_nonce_hex);
  const std::vector<std::tuple<std::size_t, std::string_view, std::string_view>> cases = {
      {8191, "98c6c131f1d69c46f2b982e18a244db51ed29949d3565613518561091ea9dc65",
       "b25de26583041bf251dec40864fe309f891a7d710c1d33cf85df0fb99d33ff9e"},
      {8192, "1ec06488fbe9d1f402c316c694dd82d6407ac8c6844a1438f3dfffe89e3843e7",
       "572155d776cbacd2bae8cd0dcaa23f6d70751ef57b39fe5feae4af1d3bdfad14"},
      {8193, "31c8d45c3576287afb3812810b6182536c10cb2bd85e3908450e1b8906cd30f6",
       "94bc5f511fbfaf723a5ca0c5636242f4cfacbdfb0fd35517babc1db3d5f2ea2e"},
      {1048576, "7f1ea2dd77db9a15547fcf4dd3ee372c6a8c7abe1d67b7325b377a9021cfb07d",
       "f7fdbe14542db944cba2378675ca51a1fa5c152e2763b7e97093d322d7acd881"},
  };
  for (const auto& [size, with_aad, without_aad] : cases) {
    Bytes plain(size, '\0');
    for (std::size_t i = 0; i < size; ++i) plain[i] = static_cast<char>(i * 7 + i / 251);
    const Bytes sealed = seal(key, nonce, "holdfast", plain);
    EXPECT_EQ(to_hex(sha256(sealed)), with_aad) << size;
    EXPECT_EQ(to_hex(sha256(seal(key, nonce, "", plain))), without_aad) << size;
    EXPECT_EQ(open(key, nonce, "holdfast", sealed), plain);
    EXPECT_FALSE(open(key, nonce, "holdfasT", sealed).has_value());
    for (const std::size_t at : {std::size_t{0}, size / 2, size - 1, size, sealed.size() - 1}) {
      Bytes damaged = sealed;
      damaged[at] = static_cast<char>(damaged[at] ^ 1);
      EXPECT_FALSE(open(key, nonce, "holdfast", damaged).has_value()) << size << " at " << at;
    }
  }
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
