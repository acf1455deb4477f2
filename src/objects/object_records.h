#pragma once

#include <string>

#include "holdfast/objects/object_model.h"
#include "holdfast/storage/table.h"

/// Keys and values of the objects room: docs/formats/objects-records.md.
namespace holdfast::objects {

inline constexpr storage::Table buckets_table{storage::Family::objects, 0x0401, "buckets"};
inline constexpr storage::Table objects_table{storage::Family::objects, 0x0402, "objects"};
/// Bytes of small objects, apart from their records, so that listing does not unseal them.
inline constexpr storage::Table object_bytes_table{storage::Family::objects, 0x0403, "object_bytes"};
/// Which object names a blob: what replication ships and the collector keeps.
inline constexpr storage::Table blob_names_table{storage::Family::objects, 0x0404, "blob_names"};

inline constexpr std::uint16_t bucket_version = 1;
inline constexpr std::uint16_t object_version = 1;
inline constexpr std::uint16_t object_bytes_version = 1;
inline constexpr std::uint16_t blob_name_version = 1;

Bytes bucket_key(std::string_view name);
std::string bucket_of_key(BytesView key);
Bytes encode_bucket(const Bucket& bucket);
Result<Bucket> decode_bucket(std::string_view name, BytesView plain);

/// Of both objects and object_bytes; keys of a bucket lie in byte order. `key` may be a prefix.
Bytes object_key(std::string_view bucket, std::string_view key);
Bytes encode_object(const Object& object);
Result<Object> decode_object(BytesView stored_key, BytesView plain);

Bytes blob_name_key(const BlobId& blob);
BlobId blob_of_key(BytesView key);
Bytes encode_blob_name(std::string_view bucket, std::string_view key);
/// The key of the object that names the blob, in objects_table.
Result<Bytes> object_key_of_blob_name(BytesView plain);

}  // namespace holdfast::objects
