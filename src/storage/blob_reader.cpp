#include <algorithm>
#include <limits>
#include <utility>

#include "blob_format.h"
#include "files.h"
#include "holdfast/storage/blob_store.h"

namespace holdfast::storage {

struct BlobReader::State {
  static constexpr auto none = std::numeric_limits<std::uint64_t>::max();

  BlobId id;
  files::File file;
  Bytes header;
  SealedBlobShape shape;
  blob::Cipher cipher;
  std::uint64_t opened = none;  ///< index of the chunk in `chunk`
  Bytes chunk;

  Result<Bytes> sealed(std::uint64_t index) const {
    TRY(auto bytes, file.read_at(blob::offset_of(index), blob::sealed_chunk_bytes));
    return bytes;
  }

  Result<> open_chunk(std::uint64_t index) {
    if (opened == index) return {};
    opened = none;
    TRY(const auto bytes, sealed(index));
    auto plain = cipher.open(index, index + 1 == shape.chunks, bytes);
    if (!plain) return fail(blob::corrupt_blob(id, "chunk " + std::to_string(index)));
    chunk = *std::move(plain);
    opened = index;
    return {};
  }
};

BlobReader::BlobReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
BlobReader::BlobReader(BlobReader&&) noexcept = default;
BlobReader& BlobReader::operator=(BlobReader&&) noexcept = default;
BlobReader::~BlobReader() = default;

const SealedBlobShape& BlobReader::shape() const { return state_->shape; }
const Bytes& BlobReader::header() const { return state_->header; }

Result<Bytes> BlobReader::read(std::uint64_t offset, std::size_t size) {
  auto& state = *state_;
  const auto end =
      std::min<std::uint64_t>(state.shape.size, offset + std::min<std::uint64_t>(size, state.shape.size));
  Bytes out;
  if (offset >= end) return out;
  // A piece that is exactly one chunk, as a whole object's are, is handed over as it was opened.
  if (offset % blob_chunk_bytes == 0 &&
      end - offset == std::min<std::uint64_t>(blob_chunk_bytes, state.shape.size - offset)) {
    TRY_VOID(state.open_chunk(offset / blob_chunk_bytes));
    if (state.chunk.size() != end - offset) return fail(blob::corrupt_blob(state.id, "short chunk"));
    state.opened = State::none;
    return std::exchange(state.chunk, {});
  }
  out.reserve(end - offset);
  while (offset < end) {
    TRY_VOID(state.open_chunk(offset / blob_chunk_bytes));
    const auto within = offset % blob_chunk_bytes;
    const auto part = BytesView(state.chunk).substr(within, end - offset);
    if (part.empty()) return fail(blob::corrupt_blob(state.id, "short chunk"));
    out.append(part);
    offset += part.size();
  }
  return out;
}

Result<Bytes> BlobReader::sealed_chunk(std::uint64_t index) {
  if (index >= state_->shape.chunks)
    return fail(ErrorKind::invalid, "invalid_chunk", "The blob has no such chunk.");
  return state_->sealed(index);
}

Result<BlobReader> BlobStore::read(const BlobId& id) const {
  if (!is_id(id.str())) return fail(ErrorKind::not_found, "blob_not_found", "No such content here.");
  auto file = files::File::open_for_reading(shared_->path_of(id));
  if (!file && file.error().kind == ErrorKind::not_found) {
    return fail(ErrorKind::not_found, "blob_not_found", "No such content here.", id.str());
  }
  if (!file) return fail(std::move(file).error());
  TRY(auto header, file->read_at(0, blob_header_bytes));
  TRY(const auto key_id, blob::decode_header(header, id));
  TRY(const auto file_bytes, file->size());
  TRY(const auto shape, blob::shape_of(key_id, file_bytes));
  TRY(auto cipher, blob::Cipher::make(*shared_, id, key_id));
  return BlobReader(std::make_unique<BlobReader::State>(BlobReader::State{.id = id,
                                                                          .file = *std::move(file),
                                                                          .header = std::move(header),
                                                                          .shape = shape,
                                                                          .cipher = std::move(cipher),
                                                                          .chunk = {}}));
}

}  // namespace holdfast::storage
