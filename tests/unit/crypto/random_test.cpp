#include "holdfast/crypto/random.h"

#include <gtest/gtest.h>

#include <set>

namespace holdfast::crypto {
namespace {

// Counts up from zero, so that what is made of random bytes can be pinned.
class CountingEntropy : public Entropy {
 public:
  void fill(char* out, std::size_t size) override {
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(next_++);
  }

 private:
  unsigned char next_ = 0;
};

TEST(Random, GivesAsManyBytesAsAskedAndNeverTheSame) {
  std::set<Bytes> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_bytes(16));
  EXPECT_EQ(seen.size(), 1000U);
  EXPECT_EQ(random_bytes(0), "");
  EXPECT_EQ(random_bytes(100'000).size(), 100'000U);
  EXPECT_EQ(random_secret(32).expose().size(), 32U);
}

TEST(Random, UuidCarriesVersionAndVariant) {
  CountingEntropy entropy;
  EXPECT_EQ(random_uuid(entropy), "00010203-0405-4607-8809-0a0b0c0d0e0f");
}

TEST(Random, UuidOverwritesOnlyTheFixedBits) {
  bool high_variant = false;
  for (int i = 0; i < 200; ++i) {
    const std::string uuid = random_uuid();
    ASSERT_EQ(uuid.size(), 36U);
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
    high_variant = high_variant || uuid[19] == 'b';
  }
  EXPECT_TRUE(high_variant);
}

TEST(Random, TokenIsUnpaddedBase64Url) {
  CountingEntropy entropy;
  EXPECT_EQ(random_token(4, entropy), "AAECAw");
  EXPECT_EQ(random_token(32).size(), 43U);
}

}  // namespace
}  // namespace holdfast::crypto
