#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "holdfast/storage/blob_store.h"
#include "recent_uploads.h"

/// The bytes of a blob file (docs/formats/blobs.md): header, then sealed chunks.
namespace holdfast::storage {

struct BlobStore::Shared {
  std::filesystem::path directory;
  ClusterId cluster;
  BlobKeySource keys;
  std::uint64_t import_floor_bytes = 0;
  /// The only thing here that changes.
  std::unique_ptr<RecentUploads> recent = std::make_unique<RecentUploads>();

  [[nodiscard]] std::filesystem::path folder_of(const BlobId& id) const {
    return directory / id.str().substr(0, 2);
  }
  [[nodiscard]] std::filesystem::path path_of(const BlobId& id) const { return folder_of(id) / id.str(); }
  [[nodiscard]] std::filesystem::path writing() const { return directory / "writing"; }
  [[nodiscard]] std::filesystem::path partial() const { return directory / "partial"; }
};

namespace blob {

inline constexpr std::size_t sealed_chunk_bytes = blob_chunk_bytes + blob_chunk_overhead;

/// magic `HFBLOB`, u16 format, u32 key id, 16 id bytes, u32 zero.
Bytes encode_header(std::uint32_t key_id, const BlobId& id);
/// The key id. `corrupt` when it is not a header of this format for this blob.
Result<std::uint32_t> decode_header(BytesView header, const BlobId& id);

/// Seals and opens the chunks of one blob.
class Cipher {
 public:
  Cipher(const ClusterId& cluster, const BlobId& id, std::uint32_t key_id, Secret key);
  static Result<Cipher> make(const BlobStore::Shared& shared, const BlobId& id, std::uint32_t key_id);

  [[nodiscard]] Bytes seal(std::uint64_t index, bool last, BytesView plain) const;
  /// For the golden-bytes test; `seal` draws the nonce.
  [[nodiscard]] Bytes seal_with(BytesView nonce, std::uint64_t index, bool last, BytesView plain) const;
  [[nodiscard]] Result<Bytes> open(std::uint64_t index, bool last, BytesView sealed) const;

 private:
  [[nodiscard]] Bytes aad(std::uint64_t index, bool last) const;
  Bytes prefix_;
  Secret key_;
};

/// What a file of this size holds; `corrupt` for a size that no blob can have.
Result<SealedBlobShape> shape_of(std::uint32_t key_id, std::uint64_t file_bytes);
/// How many chunks hold `size` plain bytes.
constexpr std::uint64_t chunks_of(std::uint64_t size) {
  return size == 0 ? 1 : (size - 1) / blob_chunk_bytes + 1;
}
/// Where chunk `index` begins in the file.
constexpr std::uint64_t offset_of(std::uint64_t index) {
  return blob_header_bytes + index * sealed_chunk_bytes;
}

Error corrupt_blob(const BlobId& id, std::string_view detail);

/// Gives a finished file its name: sync, rename into its folder, sync the folder.
Result<> publish(const BlobStore::Shared& shared, const std::filesystem::path& from, const BlobId& id);

}  // namespace blob
}  // namespace holdfast::storage
