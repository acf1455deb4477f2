#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "holdfast/base/result.h"

namespace holdfast::storage {

class StagedCheckpoint;

/// One core.db: `generations/<number>/core.db`. Installing a snapshot makes a new one; numbers never come
/// back.
struct Generation {
  std::uint64_t number = 0;
  std::filesystem::path directory;

  [[nodiscard]] std::filesystem::path core_db() const { return directory / "core.db"; }
};

/// What becomes of the generation that an install replaces.
enum class Replaced : std::uint8_t {
  kept,     ///< in quarantine: it holds a tail that the new one does not, and goes by an operator's hand
  dropped,  ///< by drop_replaced
};

/// The region's directory: who may use it, which format it has, where everything lies, and which generation
/// is current. docs/formats/data-directory.md. Holds the lock until it is destroyed, so it lives as long as
/// the daemon. Blocking file I/O; one thread at a time (start-up, install).
class DataDirectory {
 public:
  /// The newest format that this build reads and the one that it writes.
  static constexpr std::uint32_t format = 1;

  /// Makes a new directory (`init`, `join`). Errors: `conflict`/`data_directory_not_empty` when anything is
  /// there.
  static Result<DataDirectory> create(const std::filesystem::path& root);
  /// Opens an existing one. Each error is one clear line: `data_directory_missing`, `data_directory_in_use`
  /// (with the process id of the holder), `data_format_newer`, `data_format_unknown`.
  static Result<DataDirectory> open(const std::filesystem::path& root);

  DataDirectory(DataDirectory&&) noexcept;
  DataDirectory& operator=(DataDirectory&&) noexcept;
  ~DataDirectory();

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] std::filesystem::path local_db() const { return root_ / "local.db"; }
  [[nodiscard]] std::filesystem::path blobs() const { return root_ / "blobs"; }
  [[nodiscard]] std::filesystem::path staging() const { return root_ / "staging"; }
  /// A file that is only there to be freed when the disk is full (RocksDB aborts when it opens on a full
  /// disk).
  [[nodiscard]] std::filesystem::path ballast() const { return root_ / "ballast"; }

  /// The generation that CURRENT names; nothing before the first one was made. Errors: `corrupt`.
  [[nodiscard]] Result<std::optional<Generation>> current() const;
  /// An empty first generation for a new cluster. Errors: `conflict` when there is a current one.
  Result<Generation> create_first_generation();
  /// Makes a verified staged checkpoint the current generation: every file is synced, the directory gets its
  /// number, one rename of CURRENT decides. Killed at any moment, the next start finds either the old or the
  /// new generation, whole. The core.db in use stays where it is; open the new one afterwards.
  Result<Generation> install(StagedCheckpoint&& staged, Replaced replaced = Replaced::kept);

  /// All generations on disk, oldest first.
  [[nodiscard]] Result<std::vector<Generation>> generations() const;
  /// Removes the generation that the current one replaced, if its install said so. Call it once the current
  /// one is open: after an install and, for one that was killed before it came to that, at every start.
  Result<> drop_replaced();

 private:
  struct Lock;
  DataDirectory(std::filesystem::path root, std::unique_ptr<Lock> lock);
  [[nodiscard]] Generation at(std::uint64_t number) const;
  [[nodiscard]] Result<> write_pointer_to(std::uint64_t number) const;
  [[nodiscard]] Result<> turn_pointer() const;
  Result<> remove_unfinished_installs() const;

  std::filesystem::path root_;
  std::unique_ptr<Lock> lock_;
};

}  // namespace holdfast::storage
