#include "checkpoint_files.h"

#include <algorithm>

#include "files.h"
#include "holdfast/crypto/hash.h"

namespace holdfast::storage {
namespace {
constexpr std::size_t read_piece_bytes = 1UL << 20U;
}  // namespace

std::unexpected<Error> checkpoint_refused(std::string why) {
  return fail(ErrorKind::corrupt, "checkpoint_refused", "The checkpoint does not verify.", std::move(why));
}

Result<CheckpointFile> describe_checkpoint_file(const std::filesystem::path& directory,
                                                const std::string& name) {
  TRY(const auto file, files::File::open_for_reading(directory / name));
  CheckpointFile described{.name = name};
  for (;;) {
    TRY(const auto piece, file.read_at(described.size, read_piece_bytes));
    if (piece.empty()) return described;
    described.crc32c = crypto::crc32c(piece, described.crc32c);
    described.size += piece.size();
  }
}

Result<> refuse_other_files(const std::filesystem::path& directory, const CheckpointManifest& manifest) {
  return files::for_each_name(directory, [&](const std::string& name) -> Result<bool> {
    const bool known = std::ranges::find(manifest.files, name, &CheckpointFile::name) != manifest.files.end();
    if (known) return true;
    return checkpoint_refused("unexpected file " + name);
  });
}

}  // namespace holdfast::storage
