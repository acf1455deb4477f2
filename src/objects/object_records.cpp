#include "object_records.h"

#include "holdfast/base/codec.h"
#include "holdfast/base/damaged.h"
#include "holdfast/base/encoding.h"

namespace holdfast::objects {
namespace {

constexpr std::size_t md5_bytes = 16;
constexpr std::size_t sha256_bytes = 32;
constexpr std::size_t blob_id_bytes = 16;

Bytes encode_metadata_entry(const std::pair<std::string, std::string>& entry) {
  return ByteWriter().bytes(entry.first).bytes(entry.second).take();
}

}  // namespace

Bytes bucket_key(std::string_view name) { return storage::KeyWriter().text(name).take(); }
std::string bucket_of_key(BytesView key) { return storage::KeyReader(key).text(); }

Bytes encode_bucket(const Bucket& bucket) {
  return FieldWriter().text(1, bucket.app.str()).signed_number(2, to_micros(bucket.created_at)).take();
}

Result<Bucket> decode_bucket(std::string_view name, BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  return Bucket{.name = std::string(name),
                .app = AppId(fields.text(1)),
                .created_at = from_micros(fields.signed_number(2))};
}

Bytes object_key(std::string_view bucket, std::string_view key) {
  return storage::KeyWriter().text(bucket).fixed(key).take();
}

Bytes encode_object(const Object& object) {
  FieldWriter writer;
  writer.text(1, object.version).number(2, object.size).text(3, object.md5).text(4, object.sha256);
  writer.text(5, object.content_type);
  for (const auto& entry : object.metadata) writer.text(6, encode_metadata_entry(entry));
  writer.text(7, object.owner).text(8, object.owner_name).signed_number(9, to_micros(object.modified_at));
  if (object.blob) writer.text(10, blob_name_key(*object.blob));
  return writer.take();
}

Result<Object> decode_object(BytesView stored_key, BytesView plain) {
  storage::KeyReader key(stored_key);
  Object object{.bucket = key.text()};
  object.key = key.rest();
  TRY_VOID(key.finish("object key"));
  TRY(const auto fields, FieldReader::parse(plain));
  object.version = fields.text(1);
  object.size = fields.number(2);
  object.md5 = fields.text(3);
  object.sha256 = fields.text(4);
  object.content_type = fields.text(5);
  bool whole = object.md5.size() == md5_bytes && object.sha256.size() == sha256_bytes;
  fields.all(6, [&](BytesView value) {
    ByteReader entry(value);
    const auto name = entry.bytes();
    const auto text = entry.bytes();
    whole = whole && entry.finish("object metadata");
    object.metadata.emplace_back(name, text);
  });
  object.owner = fields.text(7);
  object.owner_name = fields.text(8);
  object.modified_at = from_micros(fields.signed_number(9));
  if (const auto blob = fields.find(10)) {
    whole = whole && blob->size() == blob_id_bytes;
    object.blob = blob_of_key(*blob);
  }
  if (!whole) return damaged("object record");
  return object;
}

Bytes blob_name_key(const BlobId& blob) { return from_hex(blob.str()).value_or(Bytes()); }
BlobId blob_of_key(BytesView key) { return BlobId(to_hex(key)); }

Bytes encode_blob_name(std::string_view bucket, std::string_view key) {
  return FieldWriter().text(1, bucket).text(2, key).take();
}

Result<Bytes> object_key_of_blob_name(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  return object_key(fields.text(1), fields.text(2));
}

}  // namespace holdfast::objects
