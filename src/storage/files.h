#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/base/result.h"

/// The few file operations that durability hangs on, each with its errors as Results. Blocking; thread-safe.
namespace holdfast::storage::files {

/// An open file descriptor, closed when it goes out of scope.
class File {
 public:
  File() = default;
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept;
  ~File();

  static Result<File> open_for_reading(const std::filesystem::path& path);
  /// Creates the file or truncates it; mode 0600.
  static Result<File> create(const std::filesystem::path& path);
  /// Opens for reading and writing, creating it empty when missing; mode 0600.
  static Result<File> open_or_create(const std::filesystem::path& path);

  /// Writes all of it where the file position is; after an error a part of it may be there.
  Result<> append(BytesView bytes) const;
  /// At the end of the file, all of it or nothing: after an error the file and its position are as before.
  Result<> append_whole(BytesView bytes) const;
  /// Exactly `size` bytes from `offset`, fewer only at the end of the file.
  [[nodiscard]] Result<Bytes> read_at(std::uint64_t offset, std::size_t size) const;
  [[nodiscard]] Result<std::uint64_t> size() const;
  /// Cuts the file and puts the file position at the new end.
  Result<> cut_to(std::uint64_t size) const;
  Result<> sync() const;
  /// Advises the kernel to give up the pages that it keeps of this file. Only what is synced goes.
  void forget_cached() const;
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

/// Every failure of a file operation in one form: `storage_full` for a full disk, else
/// `internal`/`file_error`. The path stays in the detail.
Error error_of(std::string_view what, const std::filesystem::path& path, int number);

/// Private (0700), and its entry durable on return, also where an earlier life made it and was killed.
Result<> make_directory(const std::filesystem::path& path);
/// The same for several in one directory, with one sync.
Result<> make_directories(const std::filesystem::path& parent, const std::vector<std::string>& names);
Result<> sync_directory(const std::filesystem::path& path);
/// Syncs every regular file and directory below `path`, and `path` itself.
Result<> sync_tree(const std::filesystem::path& path);
/// Renames and syncs the target's directory.
Result<> rename_durably(const std::filesystem::path& from, const std::filesystem::path& to);
/// Writes `name`.new beside it, syncs it, renames it, syncs the directory: old or new content at any kill.
Result<> write_durably(const std::filesystem::path& path, BytesView content);
/// A whole small file; `too_large` over `max_bytes`.
Result<Bytes> read_all(const std::filesystem::path& path, std::size_t max_bytes);
Result<> remove_tree(const std::filesystem::path& path);
/// Runs the visitor over the names in a directory, sorted.
Result<> for_each_name(const std::filesystem::path& directory,
                       const std::function<Result<bool>(const std::string& name)>& visit);

}  // namespace holdfast::storage::files
