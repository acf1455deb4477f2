#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "holdfast/base/ids.h"
#include "holdfast/base/result.h"
#include "holdfast/base/secret.h"

namespace holdfast::storage {

/// What is known of a blob once it is written; the caller keeps it in the row that names the blob.
struct BlobInfo {
  BlobId id;
  std::uint64_t size = 0;  ///< plain bytes
  Bytes sha256;            ///< 32 bytes, of the plain bytes
  Bytes md5;               ///< 16 bytes, of the plain bytes; only for ETags
};

/// What a row says of the blob that it names: whatever comes from elsewhere under that id must be just this.
struct BlobContent {
  std::uint64_t size = 0;  ///< plain bytes
  Bytes sha256;            ///< 32 bytes, of the plain bytes
  bool operator==(const BlobContent&) const = default;
};

/// Finds a data key by its id (the key ring). May be called from any thread.
using BlobKeySource = std::function<Result<Secret>(std::uint32_t key_id)>;

/// How a blob lies on disk; docs/formats/blobs.md.
struct SealedBlobShape {
  std::uint32_t key_id = 0;
  std::uint64_t size = 0;  ///< plain bytes, from the file's size: trust it only once the last chunk verifies
  std::uint64_t chunks = 0;  ///< at least one: an empty blob has one empty chunk
};

/// Plain bytes per chunk; each chunk is sealed on its own, so a range costs no more than the chunks it
/// touches.
inline constexpr std::size_t blob_chunk_bytes = std::size_t{1} << 20U;
/// Bytes of the file header, which `BlobReader::header` gives and `BlobImport::header` takes.
inline constexpr std::size_t blob_header_bytes = 32;
/// What a sealed chunk adds to its plain bytes (nonce and tag).
inline constexpr std::size_t blob_chunk_overhead = 40;

/// Writes one blob, in order. Nothing is visible before `finish` returned: until then the bytes lie in
/// `writing/`, which the next start empties. Blocking file I/O: use it on a pool thread; one thread at a
/// time. Holds one chunk in memory. Dropping it without `finish` removes what was written.
class BlobWriter {
 public:
  BlobWriter(BlobWriter&&) noexcept;
  BlobWriter& operator=(BlobWriter&&) noexcept;
  ~BlobWriter();

  [[nodiscard]] const BlobId& id() const;
  /// Errors: `storage_full` when the disk is; after an error the writer can only be dropped.
  Result<> add(BytesView bytes);
  /// Seals the last chunk, syncs the file, gives it its name, syncs the directory. On return the blob is
  /// durable.
  Result<BlobInfo> finish();

 private:
  friend class BlobStore;
  struct State;
  explicit BlobWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Reads one blob, in any order; every byte it gives has been verified. Blocking file I/O; one thread at a
/// time. Keeps the last opened chunk in memory. Stays usable after the blob was removed.
class BlobReader {
 public:
  BlobReader(BlobReader&&) noexcept;
  BlobReader& operator=(BlobReader&&) noexcept;
  ~BlobReader();

  [[nodiscard]] const SealedBlobShape& shape() const;
  [[nodiscard]] std::uint64_t size() const { return shape().size; }
  /// Exactly `size` plain bytes from `offset`, or fewer at the end. Errors: `corrupt`.
  Result<Bytes> read(std::uint64_t offset, std::size_t size);

  /// The file's header and sealed chunks as they are, for replication: the receiver verifies them.
  [[nodiscard]] const Bytes& header() const;
  Result<Bytes> sealed_chunk(std::uint64_t index);

 private:
  friend class BlobStore;
  struct State;
  explicit BlobReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Receives a blob of another region, chunk by chunk in order, each verified before it is written. Every
/// member holds the data keys, so that a chunk opens proves nothing about what it says: the row does, which
/// gives the size (nothing beyond it is written) and the SHA-256 (nothing else gets the blob's name). What
/// was received stays in `partial/` when the import is dropped or the process dies; the next import of the
/// same id verifies it and goes on at `next_chunk`. Blocking file I/O; one thread at a time.
class BlobImport {
 public:
  BlobImport(BlobImport&&) noexcept;
  BlobImport& operator=(BlobImport&&) noexcept;
  ~BlobImport();

  /// Whether `header` is still wanted (only at the very beginning).
  [[nodiscard]] bool wants_header() const;
  /// The index of the chunk to add next.
  [[nodiscard]] std::uint64_t next_chunk() const;
  /// Errors: `corrupt` (wrong format, other blob), `storage_full`, or whatever the key source says when the
  /// key is not known here. Nothing is kept then, and it may be given again.
  Result<> header(BytesView bytes);
  /// Errors: `corrupt` (also where the row's size wants another chunk here), `storage_full`; the chunk is not
  /// kept: ask for it again.
  Result<> add(BytesView sealed_chunk, bool last);
  /// After the chunk added as `last`: syncs the file, gives it its name, syncs the directory. Errors:
  /// `corrupt` when all of it is not what the row says; nothing of it is kept then.
  Result<> finish();

 private:
  friend class BlobStore;
  struct State;
  explicit BlobImport(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Immutable sealed blobs, one file each: `xx/<id>` with xx the first two digits of the id. A blob is never
/// changed, so nothing about it can diverge between regions; it is removed when no row names it any more
/// (BlobCollector). Thread-safe: it has no state but the file system
/// (and a list of what of it was written lately). Lives as long as the daemon; writers,
/// readers and imports keep what they need of it alive.
class BlobStore {
 public:
  /// Creates `directory` when it is missing and removes what unfinished writers left. Imports leave
  /// `import_floor_bytes` of the disk free: what other regions hold must not end this region's own writing.
  static Result<BlobStore> open(std::filesystem::path directory, ClusterId cluster, BlobKeySource keys,
                                std::uint64_t import_floor_bytes);

  /// Begins a blob with a fresh random id, sealed with data key `key_id`.
  Result<BlobWriter> create(std::uint32_t key_id) const;
  /// For a blob that is already in memory.
  Result<BlobInfo> put(std::uint32_t key_id, BytesView bytes) const;
  /// Errors: `not_found` (here: another region may hold it), `corrupt`.
  Result<BlobReader> read(const BlobId& id) const;
  [[nodiscard]] bool has(const BlobId& id) const;
  /// Begins or resumes an import of what a row names. Errors: `conflict`/`already_exists` when the blob is
  /// here; `storage_full` when there is no room for what is missing of it.
  Result<BlobImport> import(const BlobId& id, BlobContent content) const;
  /// Also what an import received of it. Removing a blob that is not here is no error.
  Result<> remove(const BlobId& id) const;
  using Visitor = std::function<bool(const BlobId& id, std::uint64_t file_bytes)>;
  /// Visits every blob, by id in order; stops when `visit` says false.
  Result<> list(const Visitor& visit) const;
  /// The same for blobs of which only a part was received.
  Result<> list_partial(const Visitor& visit) const;

  /// Whether `text` can be a blob's id: 32 lower-case hexadecimal digits. Anything else never reaches a path.
  static bool is_id(std::string_view text);

  struct Shared;

 private:
  explicit BlobStore(std::shared_ptr<const Shared> shared) : shared_(std::move(shared)) {}
  std::shared_ptr<const Shared> shared_;
};

}  // namespace holdfast::storage
