#include <algorithm>
#include <string_view>

#include "holdfast/base/codec.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/storage/checkpointer.h"

namespace holdfast::storage {
namespace {

constexpr std::uint8_t manifest_version = 1;
constexpr std::size_t checksum_bytes = 4;
/// 16 GiB of 2 MB tables are 8,000 files; more than this is not one of our stores.
constexpr std::size_t max_checkpoint_files = 200'000;
constexpr std::size_t max_digits = 12;

bool is_file_number(std::string_view text) {
  return text.size() >= 6 && text.size() <= max_digits &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::unexpected<Error> refused_manifest(std::string why) {
  return fail(ErrorKind::corrupt, "checkpoint_refused", "The checkpoint's manifest is not acceptable.",
              std::move(why));
}

}  // namespace

bool is_checkpoint_file_name(std::string_view name) {
  constexpr std::string_view manifest = "MANIFEST-";
  constexpr std::size_t suffix = 4;
  if (name == "CURRENT") return true;
  if (name.starts_with(manifest)) return is_file_number(name.substr(manifest.size()));
  return (name.ends_with(".sst") || name.ends_with(".log")) &&
         is_file_number(name.substr(0, name.size() - suffix));
}

Bytes CheckpointManifest::encode() const {
  ByteWriter writer;
  writer.u8(manifest_version).raw(head.encode()).u64(sequence).u32(static_cast<std::uint32_t>(files.size()));
  for (const auto& file : files) writer.bytes(file.name).u64(file.size).u32(file.crc32c);
  writer.u32(crypto::crc32c(writer.view()));
  return writer.take();
}

Result<CheckpointManifest> CheckpointManifest::decode(BytesView bytes) {
  if (bytes.size() < checksum_bytes) return refused_manifest("too short");
  const auto body = bytes.substr(0, bytes.size() - checksum_bytes);
  if (ByteReader(bytes.substr(body.size())).u32() != crypto::crc32c(body))
    return refused_manifest("checksum");
  ByteReader reader(body);
  if (reader.u8() != manifest_version) return refused_manifest("version");
  CheckpointManifest manifest;
  TRY(manifest.head, Head::decode(reader.raw(Head::encoded_size)));
  manifest.sequence = reader.u64();
  const auto count = reader.u32();
  if (count > max_checkpoint_files) return refused_manifest("too many files");
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    CheckpointFile file;
    file.name = reader.bytes();
    file.size = reader.u64();
    file.crc32c = reader.u32();
    if (!is_checkpoint_file_name(file.name)) return refused_manifest("file name");
    if (!manifest.files.empty() && file.name <= manifest.files.back().name)
      return refused_manifest("order of files");
    manifest.files.push_back(std::move(file));
  }
  TRY_VOID(reader.finish("checkpoint manifest"));
  return manifest;
}

std::uint64_t CheckpointManifest::total_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& file : files) bytes = file.size > UINT64_MAX - bytes ? UINT64_MAX : bytes + file.size;
  return bytes;
}

}  // namespace holdfast::storage
