#include <algorithm>
#include <filesystem>
#include <optional>

#include "blob_format.h"
#include "files.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/storage/blob_store.h"
#include "holdfast/storage/step.h"

namespace holdfast::storage {

struct BlobImport::State {
  std::shared_ptr<const BlobStore::Shared> shared;
  BlobId id;
  BlobContent content;  ///< what the row says
  std::filesystem::path path;
  files::File file;
  std::optional<blob::Cipher> cipher;  ///< since the header is there
  std::uint64_t next = 0;
  crypto::Sha256 sha256;  ///< of the chunks before `next`
  bool complete = false;

  [[nodiscard]] std::uint64_t last_chunk() const { return blob::chunks_of(content.size) - 1; }
  [[nodiscard]] std::uint64_t size_of(std::uint64_t chunk) const {
    return chunk < last_chunk() ? blob_chunk_bytes : content.size - chunk * blob_chunk_bytes;
  }
  [[nodiscard]] std::uint64_t sealed_bytes() const {
    return blob_header_bytes + content.size + (last_chunk() + 1) * blob_chunk_overhead;
  }
  [[nodiscard]] Result<> require_room(std::uint64_t bytes) const {
    std::error_code code;
    const auto free = std::filesystem::space(path.parent_path(), code).available;
    // As for the store itself: what cannot be asked refuses nothing.
    if (code || free >= shared->import_floor_bytes + bytes) return {};
    return fail(ErrorKind::storage_full, "storage_full", "The disk of this region is full.",
                std::to_string(free) + " bytes free");
  }

  Result<> take_header(BytesView bytes) {
    TRY(const auto key_id, blob::decode_header(bytes, id));
    TRY(auto made, blob::Cipher::make(*shared, id, key_id));
    cipher = std::move(made);
    return {};
  }

  /// Verifies what an earlier import left and cuts off whatever does not hold. The last chunk is always asked
  /// for again: only its sender knows that it is the last.
  Result<> resume() {
    TRY(const auto found, file.read_at(0, blob_header_bytes));
    if (found.size() < blob_header_bytes || !take_header(found)) return file.cut_to(0);
    for (; next < last_chunk(); ++next) {
      TRY(const auto chunk, file.read_at(blob::offset_of(next), blob::sealed_chunk_bytes));
      if (chunk.size() < blob::sealed_chunk_bytes) break;
      const auto opened = cipher->open(next, false, chunk);
      if (!opened) break;
      sha256.update(*opened);
    }
    return file.cut_to(blob::offset_of(next));
  }

  /// Begins anew: with what is here no member's last chunk would ever make the row's content.
  Result<> start_over() {
    cipher.reset();
    next = 0;
    sha256 = crypto::Sha256();
    complete = false;
    return file.cut_to(0);
  }
};

BlobImport::BlobImport(std::unique_ptr<State> state) : state_(std::move(state)) {}
BlobImport::BlobImport(BlobImport&&) noexcept = default;
BlobImport& BlobImport::operator=(BlobImport&&) noexcept = default;
BlobImport::~BlobImport() = default;

bool BlobImport::wants_header() const { return !state_->cipher.has_value(); }
std::uint64_t BlobImport::next_chunk() const { return state_->next; }

Result<> BlobImport::header(BytesView bytes) {
  auto& state = *state_;
  if (!wants_header()) return fail(ErrorKind::invalid, "invalid_import", "The header is here already.");
  TRY_VOID(state.take_header(bytes));
  auto kept = state.file.append_whole(bytes);
  if (!kept) state.cipher.reset();
  return kept;
}

Result<> BlobImport::add(BytesView sealed_chunk, bool last) {
  auto& state = *state_;
  if (wants_header() || state.complete)
    return fail(ErrorKind::invalid, "invalid_import", "No chunk is wanted.");
  const auto opened = state.cipher->open(state.next, last, sealed_chunk);
  if (!opened) return fail(blob::corrupt_blob(state.id, "received chunk " + std::to_string(state.next)));
  if (last != (state.next == state.last_chunk()) || opened->size() != state.size_of(state.next))
    return fail(blob::corrupt_blob(state.id, "size of chunk " + std::to_string(state.next)));
  TRY_VOID(state.require_room(sealed_chunk.size()));
  TRY_VOID(state.file.append_whole(sealed_chunk));
  state.sha256.update(*opened);
  ++state.next;
  state.complete = last;
  return {};
}

Result<> BlobImport::finish() {
  auto& state = *state_;
  if (!state.complete) return fail(ErrorKind::invalid, "invalid_import", "The last chunk is missing.");
  reached("blob.imported");
  if (state.sha256.finish() != state.content.sha256) {
    TRY_VOID(state.start_over());
    return fail(blob::corrupt_blob(state.id, "it is not what its row says"));
  }
  TRY_VOID(state.file.sync());
  return blob::publish(*state.shared, state.path, state.id);
}

Result<BlobImport> BlobStore::import(const BlobId& id, BlobContent content) const {
  if (!is_id(id.str())) return fail(ErrorKind::invalid, "invalid_blob_id", "Not the id of a blob.");
  if (has(id)) return fail(ErrorKind::conflict, "already_exists", "The content is here already.");
  auto state = std::make_unique<BlobImport::State>();
  state->shared = shared_;
  state->id = id;
  state->content = std::move(content);
  state->path = shared_->partial() / id.str();
  // Before anything is read or made: it is asked again and again while the disk is full.
  std::error_code absent;
  const auto have = std::filesystem::file_size(state->path, absent);
  TRY_VOID(state->require_room(state->sealed_bytes() - (absent ? 0 : std::min(have, state->sealed_bytes()))));
  TRY(state->file, files::File::open_or_create(state->path));
  TRY_VOID(state->resume());
  return BlobImport(std::move(state));
}

}  // namespace holdfast::storage
