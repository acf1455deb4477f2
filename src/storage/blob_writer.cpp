#include <algorithm>
#include <system_error>

#include "blob_format.h"
#include "files.h"
#include "holdfast/base/encoding.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/crypto/random.h"
#include "holdfast/storage/blob_store.h"
#include "holdfast/storage/step.h"

namespace holdfast::storage {

struct BlobWriter::State {
  std::shared_ptr<const BlobStore::Shared> shared;
  BlobId id;
  std::filesystem::path path;
  files::File file;
  blob::Cipher cipher;
  Bytes chunk;  ///< what was added since the last sealed chunk; a full one waits to learn whether it is the
                ///< last
  std::uint64_t index = 0;
  std::uint64_t size = 0;
  crypto::Sha256 sha256;
  crypto::Md5 md5;
  bool finished = false;

  State(std::shared_ptr<const BlobStore::Shared> with, BlobId blob_id, blob::Cipher made)
      : shared(std::move(with)),
        id(std::move(blob_id)),
        path(shared->writing() / id.str()),
        cipher(std::move(made)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    std::error_code ignored;
    if (!finished) std::filesystem::remove(path, ignored);
  }

  Result<> seal_chunk(bool last) {
    TRY_VOID(file.append(cipher.seal(index, last, chunk)));
    ++index;
    chunk.clear();
    return {};
  }
};

BlobWriter::BlobWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
BlobWriter::BlobWriter(BlobWriter&&) noexcept = default;
BlobWriter& BlobWriter::operator=(BlobWriter&&) noexcept = default;
BlobWriter::~BlobWriter() = default;

const BlobId& BlobWriter::id() const { return state_->id; }

Result<> BlobWriter::add(BytesView bytes) {
  auto& state = *state_;
  state.sha256.update(bytes);
  state.md5.update(bytes);
  state.size += bytes.size();
  while (!bytes.empty()) {
    if (state.chunk.size() == blob_chunk_bytes) TRY_VOID(state.seal_chunk(false));
    const auto part = bytes.substr(0, blob_chunk_bytes - state.chunk.size());
    // Room for what is there, then for a whole chunk: growing step by step would copy most of it twice.
    const auto wanted = state.chunk.size() + part.size();
    if (state.chunk.capacity() < wanted) state.chunk.reserve(state.chunk.empty() ? wanted : blob_chunk_bytes);
    state.chunk.append(part);
    bytes.remove_prefix(part.size());
  }
  return {};
}

Result<BlobInfo> BlobWriter::finish() {
  auto& state = *state_;
  TRY_VOID(state.seal_chunk(true));
  reached("blob.written");
  TRY_VOID(state.file.sync());
  TRY_VOID(blob::publish(*state.shared, state.path, state.id));
  state.finished = true;
  state.shared->recent->add(state.shared->path_of(state.id), state.size);
  return BlobInfo{
      .id = state.id, .size = state.size, .sha256 = state.sha256.finish(), .md5 = state.md5.finish()};
}

Result<BlobWriter> BlobStore::create(std::uint32_t key_id) const {
  BlobId id(to_hex(crypto::random_bytes(16)));
  TRY(auto cipher, blob::Cipher::make(*shared_, id, key_id));
  auto state = std::make_unique<BlobWriter::State>(shared_, std::move(id), std::move(cipher));
  TRY(state->file, files::File::create(state->path));
  TRY_VOID(state->file.append(blob::encode_header(key_id, state->id)));
  return BlobWriter(std::move(state));
}

Result<BlobInfo> BlobStore::put(std::uint32_t key_id, BytesView bytes) const {
  TRY(auto writer, create(key_id));
  TRY_VOID(writer.add(bytes));
  return writer.finish();
}

}  // namespace holdfast::storage
