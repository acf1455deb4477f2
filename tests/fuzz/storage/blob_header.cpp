// Blob files and checkpoint manifests as another region sends them: bounded, one spelling only, never a path.
#include "blob_format.h"
#include "fuzz.h"
#include "holdfast/storage/checkpointer.h"

namespace {

using namespace holdfast;
using namespace holdfast::storage;
using fuzz::require;

void check_header(BytesView input) {
  const BlobId id("000102030405060708090a0b0c0d0e0f");
  const auto key_id = blob::decode_header(input, id);
  if (key_id) require(input == blob::encode_header(*key_id, id));
}

void check_shape(std::uint64_t file_bytes) {
  const auto shape = blob::shape_of(1, file_bytes);
  if (!shape) return;
  require(shape->chunks >= 1 && shape->size <= shape->chunks * blob_chunk_bytes);
  require(blob_header_bytes + shape->size + shape->chunks * blob_chunk_overhead == file_bytes);
}

void check_chunk(BytesView input) {
  const BlobId id("000102030405060708090a0b0c0d0e0f");
  const blob::Cipher cipher(ClusterId("cluster"), id, 1, Secret(Bytes(32, 'k')));
  require(!cipher.open(0, true, input));
}

void check_manifest(BytesView input) {
  const auto manifest = CheckpointManifest::decode(input);
  if (!manifest) return;
  require(manifest->encode() == input);
  for (const auto& file : manifest->files) require(file.name.find('/') == std::string::npos);
}

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  const BlobId id("000102030405060708090a0b0c0d0e0f");
  CheckpointManifest manifest{
      .head = {.term = {.reign = 1, .incarnation = 1}, .index = 4}, .sequence = 12, .files = {}};
  manifest.files = {{.name = "CURRENT", .size = 16, .crc32c = 1},
                    {.name = "000012.sst", .size = 900, .crc32c = 2}};
  const blob::Cipher cipher(ClusterId("cluster"), id, 1, Secret(Bytes(32, 'k')));
  return {blob::encode_header(1, id), manifest.encode(), cipher.seal(1, true, "plain")};
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const BytesView input(reinterpret_cast<const char*>(data), size);
  check_header(input);
  check_chunk(input);
  check_manifest(input);
  std::uint64_t number = 0;
  for (const char byte : input.substr(0, sizeof number))
    number = number << 8U | static_cast<unsigned char>(byte);
  check_shape(number);
  return 0;
}
