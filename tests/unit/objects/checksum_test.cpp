#include "holdfast/objects/checksum.h"

#include <gtest/gtest.h>

#include "holdfast/base/encoding.h"

namespace holdfast::objects {
namespace {

// Check values of the catalogue of parametrised CRC algorithms (reveng): the CRC of "123456789".
TEST(Checksums, CatalogueCheckValues) {
  EXPECT_EQ(crc32("123456789"), 0xcbf43926U);
  EXPECT_EQ(crc64nvme("123456789"), 0xae8b14860a799888ULL);
}

Bytes whole(ChecksumKind kind, BytesView bytes) {
  Checksum checksum(kind);
  checksum.update(bytes);
  return checksum.finish();
}

TEST(Checksums, EachKindHasItsHeaderAndValue) {
  EXPECT_EQ(to_hex(whole(ChecksumKind::crc32, "123456789")), "cbf43926");
  EXPECT_EQ(to_hex(whole(ChecksumKind::crc32c, "123456789")), "e3069283");
  EXPECT_EQ(to_hex(whole(ChecksumKind::crc64nvme, "123456789")), "ae8b14860a799888");
  // FIPS 180-4, one-block example.
  EXPECT_EQ(to_hex(whole(ChecksumKind::sha256, "abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for (const auto kind :
       {ChecksumKind::crc32, ChecksumKind::crc32c, ChecksumKind::crc64nvme, ChecksumKind::sha256}) {
    EXPECT_EQ(checksum_kind_of(header_name_of(kind)), kind);
  }
  EXPECT_EQ(checksum_kind_of("x-amz-checksum-sha1"), std::nullopt);
  EXPECT_EQ(checksum_kind_of("x-amz-meta-crc32"), std::nullopt);
}

TEST(Checksums, PartsOfAnySizeGiveTheWhole) {
  Bytes data;
  for (int i = 0; i < 1'000; ++i) data.push_back(static_cast<char>(i * 7));
  for (const auto kind :
       {ChecksumKind::crc32, ChecksumKind::crc32c, ChecksumKind::crc64nvme, ChecksumKind::sha256}) {
    for (const std::size_t step : {1UL, 3UL, 8UL, 9UL, 64UL}) {
      Checksum checksum(kind);
      for (std::size_t at = 0; at < data.size(); at += step)
        checksum.update(BytesView(data).substr(at, step));
      EXPECT_EQ(checksum.finish(), whole(kind, data)) << header_name_of(kind) << " " << step;
    }
  }
}

}  // namespace
}  // namespace holdfast::objects
