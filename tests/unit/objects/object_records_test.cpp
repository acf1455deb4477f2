#include "object_records.h"

#include <gtest/gtest.h>

#include "holdfast/base/encoding.h"

// docs/formats/objects-records.md: these bytes are on disks and on the wire. They never change.
namespace holdfast::objects {
namespace {

constexpr WallTime object_records_time = from_micros(1'700'000'000'123'456);

Object golden_object() {
  return {.bucket = "bkt",
          .key = "a/b",
          .version = "0f8fad5b-d9cb-469f-a165-70867728950e",
          .size = 70'000,
          .md5 = Bytes(16, '\x11'),
          .sha256 = Bytes(32, '\x22'),
          .content_type = "image/png",
          .metadata = {{"camera", "X100"}, {"n", ""}},
          .owner = "u1",
          .owner_name = "ada",
          .modified_at = object_records_time,
          .blob = BlobId("00112233445566778899aabbccddeeff")};
}

TEST(ObjectRecords, ABucket) {
  const Bucket bucket{.name = "bkt", .app = AppId("photos"), .created_at = object_records_time};
  EXPECT_EQ(to_hex(bucket_key("bkt")), "626b740001");
  EXPECT_EQ(to_hex(encode_bucket(bucket)), "010670686f746f7302070c144830404480");
  EXPECT_EQ(decode_bucket("bkt", encode_bucket(bucket)), bucket);
  EXPECT_EQ(bucket_of_key(bucket_key("bkt")), "bkt");
}

TEST(ObjectRecords, AnObject) {
  const auto object = golden_object();
  const auto key = object_key("bkt", "a/b");
  EXPECT_EQ(to_hex(key), "626b740001612f62");
  EXPECT_EQ(to_hex(encode_object(object)),
            "012430663866616435622d643963622d343639662d613136352d37303836373732383935306502030111700310111111"
            "111111111111111111111111110420222222222222222222222222222222222222222222222222222222222222222205"
            "09696d6167652f706e67060c0663616d65726104583130300603016e0007027531080361646109070c1448304044800a"
            "1000112233445566778899aabbccddeeff");
  EXPECT_EQ(decode_object(key, encode_object(object)), object);
  auto small = object;
  small.blob.reset();
  EXPECT_EQ(decode_object(key, encode_object(small)), small);
}

TEST(ObjectRecords, DamageIsNoticed) {
  auto object = golden_object();
  object.md5.pop_back();
  EXPECT_EQ(decode_object(object_key("bkt", "a/b"), encode_object(object)).error().kind, ErrorKind::corrupt);
  EXPECT_FALSE(decode_object("no terminator", encode_object(golden_object())));
  EXPECT_FALSE(decode_object(object_key("bkt", "a/b"), ""));
}

TEST(ObjectRecords, ABlobsName) {
  const BlobId blob("00112233445566778899aabbccddeeff");
  EXPECT_EQ(to_hex(blob_name_key(blob)), blob.str());
  EXPECT_EQ(blob_of_key(blob_name_key(blob)), blob);
  EXPECT_EQ(to_hex(encode_blob_name("bkt", "a/b")), "0103626b740203612f62");
}

}  // namespace
}  // namespace holdfast::objects
