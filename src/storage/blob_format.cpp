#include "blob_format.h"

#include <limits>

#include "files.h"
#include "holdfast/base/codec.h"
#include "holdfast/base/encoding.h"
#include "holdfast/crypto/aead.h"
#include "holdfast/storage/step.h"

namespace holdfast::storage::blob {
namespace {
constexpr BytesView magic = "HFBLOB";
constexpr std::uint16_t format = 1;
constexpr std::size_t id_bytes = 16;
}  // namespace

Error corrupt_blob(const BlobId& id, std::string_view detail) {
  return {ErrorKind::corrupt, "blob_corrupt", "Stored content does not verify.",
          "blob " + id.str() + ": " + std::string(detail)};
}

Bytes encode_header(std::uint32_t key_id, const BlobId& id) {
  return ByteWriter().raw(magic).u16(format).u32(key_id).raw(from_hex(id.str()).value_or("")).u32(0).take();
}

Result<std::uint32_t> decode_header(BytesView header, const BlobId& id) {
  ByteReader reader(header);
  const auto found_magic = reader.raw(magic.size());
  const auto found_format = reader.u16();
  const auto key_id = reader.u32();
  const auto found_id = reader.raw(id_bytes);
  const auto zero = reader.u32();
  if (!reader.finish("blob header") || found_magic != magic || zero != 0)
    return fail(corrupt_blob(id, "not a header"));
  if (found_format != format) return fail(corrupt_blob(id, "format " + std::to_string(found_format)));
  if (to_hex(found_id) != id.str()) return fail(corrupt_blob(id, "header of another blob"));
  return key_id;
}

Cipher::Cipher(const ClusterId& cluster, const BlobId& id, std::uint32_t key_id, Secret key)
    : prefix_(ByteWriter()
                  .bytes("holdfast-blob-v1")
                  .bytes(cluster.str())
                  .u32(key_id)
                  .raw(from_hex(id.str()).value_or(""))
                  .take()),
      key_(std::move(key)) {}

Result<Cipher> Cipher::make(const BlobStore::Shared& shared, const BlobId& id, std::uint32_t key_id) {
  TRY(auto key, shared.keys(key_id));
  return Cipher(shared.cluster, id, key_id, std::move(key));
}

Bytes Cipher::aad(std::uint64_t index, bool last) const {
  return ByteWriter().raw(prefix_).u64(index).u8(last ? 1 : 0).take();
}

Bytes Cipher::seal(std::uint64_t index, bool last, BytesView plain) const {
  return seal_with(crypto::random_nonce(), index, last, plain);
}

Bytes Cipher::seal_with(BytesView nonce, std::uint64_t index, bool last, BytesView plain) const {
  Bytes sealed;
  sealed.reserve(blob_chunk_overhead + plain.size());
  sealed.append(nonce);
  crypto::append_sealed(sealed, key_, nonce, aad(index, last), plain);
  return sealed;
}

Result<Bytes> Cipher::open(std::uint64_t index, bool last, BytesView sealed) const {
  if (sealed.size() < blob_chunk_overhead || sealed.size() > sealed_chunk_bytes) {
    return fail(ErrorKind::corrupt, "blob_corrupt", "Stored content does not verify.", "chunk size");
  }
  return crypto::open(key_, sealed.substr(0, crypto::aead_nonce_size), aad(index, last),
                      sealed.substr(crypto::aead_nonce_size));
}

Result<SealedBlobShape> shape_of(std::uint32_t key_id, std::uint64_t file_bytes) {
  const auto refused = [] {
    return fail(ErrorKind::corrupt, "blob_corrupt", "Stored content does not verify.", "file size");
  };
  constexpr std::uint64_t largest_file = std::numeric_limits<std::int64_t>::max();
  if (file_bytes < blob_header_bytes + blob_chunk_overhead || file_bytes > largest_file) return refused();
  const auto body = file_bytes - blob_header_bytes;
  const auto chunks = (body + sealed_chunk_bytes - 1) / sealed_chunk_bytes;
  const auto last = body - (chunks - 1) * sealed_chunk_bytes;
  // A last chunk is empty only where it is the only one, so that each size has one form.
  if (last < blob_chunk_overhead || (last == blob_chunk_overhead && chunks > 1)) return refused();
  return SealedBlobShape{.key_id = key_id, .size = body - chunks * blob_chunk_overhead, .chunks = chunks};
}

Result<> publish(const BlobStore::Shared& shared, const std::filesystem::path& from, const BlobId& id) {
  reached("blob.synced");
  TRY_VOID(files::rename_durably(from, shared.path_of(id)));
  reached("blob.published");
  return {};
}

}  // namespace holdfast::storage::blob
