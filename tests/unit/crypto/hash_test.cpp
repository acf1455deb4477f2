#include "holdfast/crypto/hash.h"

#include <gtest/gtest.h>

#include <random>

#include "crc32c_paths.h"
#include "holdfast/base/encoding.h"

namespace holdfast::crypto {
namespace {

Bytes hash_hex(std::string_view hex) { return from_hex(hex).value(); }

Bytes hash_range(unsigned char first, std::size_t size, int step = 1) {
  Bytes bytes;
  for (std::size_t i = 0; i < size; ++i)
    bytes.push_back(static_cast<char>(first + static_cast<int>(i) * step));
  return bytes;
}

// FIPS 180-4 examples (NIST's published example values).
TEST(Sha256, MatchesThePublishedVectors) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(to_hex(sha256(Bytes(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, GivesTheSameInParts) {
  Sha256 digest;
  digest.update("a");
  digest.update("");
  digest.update("bc");
  Sha256 moved = std::move(digest);
  EXPECT_EQ(moved.finish(), sha256("abc"));
}

TEST(Sha256DeathTest, StopsWhenAFinishedDigestIsUsedAgain) {
  Sha256 digest;
  static_cast<void>(digest.finish());
  EXPECT_DEATH(digest.update("x"), "finished digest");
}

// RFC 1321 appendix A.5.
TEST(Md5, MatchesThePublishedVectors) {
  const auto md5 = [](BytesView bytes) {
    Md5 digest;
    digest.update(bytes);
    return to_hex(digest.finish());
  };
  EXPECT_EQ(md5(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(md5("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
}

// RFC 4231 §4.2 to §4.8 (§4.6 is about truncation, which we never do).
TEST(HmacSha256, MatchesRfc4231) {
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(20, '\xaa'), Bytes(50, '\xdd'))),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(to_hex(hmac_sha256(hash_range(1, 25), Bytes(50, '\xcd'))),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(
      to_hex(hmac_sha256(Bytes(131, '\xaa'),
                         "This is a test using a larger than block-size key and a larger than block-size "
                         "data. The key needs to be hashed before being used by the HMAC algorithm.")),
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST(HmacSha256, TakesEmptyKeysAndData) {
  // HMAC pads short keys with zeros (RFC 2104 §2).
  EXPECT_EQ(hmac_sha256("", ""), hmac_sha256(Bytes(32, '\0'), {}));
}

// RFC 5869 appendix A.1 to A.3.
TEST(HkdfSha256, MatchesRfc5869) {
  EXPECT_EQ(to_hex(hkdf_sha256(Bytes(22, '\x0b'), hash_range(0, 13), hash_range(0xf0, 10), 42).expose()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(
      to_hex(hkdf_sha256(hash_range(0, 80), hash_range(0x60, 80), hash_range(0xb0, 80), 82).expose()),
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
      "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  EXPECT_EQ(to_hex(hkdf_sha256(Bytes(22, '\x0b'), "", "", 42).expose()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(HkdfSha256, GivesUpToItsLimitAndNoFurther) {
  EXPECT_EQ(hkdf_sha256("key", "salt", "info", 255 * 32).expose().size(), 8160U);
  EXPECT_DEATH(static_cast<void>(hkdf_sha256("key", "salt", "info", 255 * 32 + 1)), "HKDF");
}

TEST(EqualConstantTime, ComparesSizesAndBytes) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_constant_time("Secret", "secret"));
  EXPECT_FALSE(equal_constant_time("secret", "secret "));
  EXPECT_FALSE(equal_constant_time("", "s"));
}

// RFC 3720 appendix B.4 prints the CRC's bytes in network order of the reflected value.
TEST(Crc32c, MatchesRfc3720) {
  EXPECT_EQ(crc32c(Bytes(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(Bytes(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(crc32c(hash_range(0, 32)), 0x46dd794eU);
  EXPECT_EQ(crc32c(hash_range(31, 32, -1)), 0x113fdb5cU);
  EXPECT_EQ(crc32c(hash_hex("01c00000000000000000000000000000"
                            "14000000000004000000001400000018"
                            "28000000000000000200000000000000")),
            0xd9963a56U);
  EXPECT_EQ(crc32c(""), 0U);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
}

TEST(Crc32c, ContinuesAndAgreesOnBothPaths) {
  constexpr unsigned seed = 20261121;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 generator(seed);
  for (std::size_t size = 0; size < 200; ++size) {
    Bytes bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(generator());
    const std::size_t cut = size == 0 ? 0 : generator() % size;
    const BytesView view = bytes;
    EXPECT_EQ(crc32c(view.substr(cut), crc32c(view.substr(0, cut))), crc32c(view));
    EXPECT_EQ(crc32c_portable(view, 7), crc32c(view, 7));
    if (crc32c_has_hardware()) {
      EXPECT_EQ(crc32c_hardware(view, 7), crc32c_portable(view, 7));
    }
  }
}

}  // namespace
}  // namespace holdfast::crypto
