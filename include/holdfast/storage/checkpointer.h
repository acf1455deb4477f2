#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/result.h"
#include "holdfast/storage/log_tail.h"
#include "holdfast/storage/position.h"

namespace holdfast::storage {

class CoreDb;
class DataDirectory;

/// One file of a checkpoint, by its name in the directory (never a path).
struct CheckpointFile {
  std::string name;
  std::uint64_t size = 0;
  std::uint32_t crc32c = 0;
  bool operator==(const CheckpointFile&) const = default;
};

/// What a checkpoint consists of; travels before its files. docs/formats/checkpoint.md.
struct CheckpointManifest {
  Head head;                   ///< the state in the checkpoint is exactly the one at this head
  std::uint64_t sequence = 0;  ///< RocksDB's sequence number there: an assertion, never an identity
  std::vector<CheckpointFile> files;

  [[nodiscard]] Bytes encode() const;
  /// Checks bounds and every name against the fixed pattern; `corrupt` otherwise.
  static Result<CheckpointManifest> decode(BytesView bytes);
  [[nodiscard]] std::uint64_t total_bytes() const;
};

/// Whether a checkpoint may contain a file of this name: CURRENT, MANIFEST-<n>, <n>.sst, <n>.log. OPTIONS
/// files name local settings and are neither sent nor taken; everything else is refused.
bool is_checkpoint_file_name(std::string_view name);

/// Makes checkpoints of a running core.db. Blocking (flushes, copies the live logs, reads every file for its
/// checksum); one at a time. Lives no longer than its CoreDb.
class Checkpointer {
 public:
  explicit Checkpointer(CoreDb& db, SyncedPosition synced = {});

  /// Makes a checkpoint in `directory`, which must not exist, and describes it. Everything in it lies at or
  /// below the synced position when this returns. The caller pins the slot first, so that the log after the
  /// checkpoint stays. Errors: `unavailable` when the synced position does not reach the checkpoint; nothing
  /// is left behind then.
  Result<CheckpointManifest> create(const std::filesystem::path& directory);

  /// Opens the files read-only: checksums of every block, the families (ours, all of them and no other), and
  /// the head that the manifest promises. Errors: `corrupt`; others where the files could not be looked at.
  static Result<> verify_content(const std::filesystem::path& directory, const CheckpointManifest& manifest);

 private:
  CoreDb& db_;
  SyncedPosition synced_;
};

/// A checkpoint that is being received from a peer, in `staging/<id>`; resumable by (id, file, offset), also
/// after a crash. Blocking file I/O; one thread at a time. Nothing of it is used before `finish` verified it
/// all.
class StagedCheckpoint {
 public:
  /// Begins, or goes on with, the checkpoint `id` (8–64 letters, digits and dashes). When the manifest
  /// differs from the one stored for this id the files are dropped and it begins again. `max_bytes` bounds
  /// the manifest's total.
  static Result<StagedCheckpoint> begin(const DataDirectory& data, const std::string& id,
                                        const CheckpointManifest& manifest, std::uint64_t max_bytes);

  struct Want {
    std::string file;
    std::uint64_t offset = 0;
  };
  /// What to ask the peer for next: the first file that is not complete, from where it ends. Nothing: all is
  /// here.
  [[nodiscard]] Result<std::optional<Want>> next() const;
  /// Adds bytes at `offset`, which must be where the file ends now. Errors: `invalid` (unknown file, wrong
  /// offset, more than the manifest says), `storage_full`.
  Result<> add(const std::string& file, std::uint64_t offset, BytesView bytes);
  [[nodiscard]] std::uint64_t received_bytes() const;

  /// Syncs every file and the directories, then verifies files and content. Errors: `corrupt` where they are
  /// not what the manifest says (files that were torn are dropped, so that `next` asks for these again; where
  /// it asks for nothing, the checkpoint as such is refused); others say nothing about the checkpoint. After
  /// a sync that failed everything is dropped, and `begin` must be called again. Afterwards
  /// `DataDirectory::install` may take it.
  Result<> finish();
  /// Gives up everything that was received.
  Result<> discard();

  [[nodiscard]] const CheckpointManifest& manifest() const { return manifest_; }
  /// `staging/<id>`, which holds `core.db` and `manifest`.
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  [[nodiscard]] std::filesystem::path core_db() const { return directory_ / "core.db"; }
  [[nodiscard]] bool finished() const { return finished_; }

 private:
  [[nodiscard]] Result<> drop_torn() const;
  StagedCheckpoint(std::filesystem::path directory, CheckpointManifest manifest)
      : directory_(std::move(directory)), manifest_(std::move(manifest)) {}

  std::filesystem::path directory_;
  CheckpointManifest manifest_;
  bool finished_ = false;
};

}  // namespace holdfast::storage
