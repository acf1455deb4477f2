#pragma once

#include <filesystem>
#include <utility>

#include "holdfast/base/result.h"

namespace holdfast::cli {

/// Holds `<dir>/demo.lock` while it lives, so that two demos never share a directory. The kernel lets go of
/// it with the process; children do not inherit it.
class DirectoryLock {
 public:
  /// `conflict`/`directory_in_use` when another process holds it.
  static Result<DirectoryLock> take(const std::filesystem::path& dir);

  DirectoryLock(DirectoryLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int file) : file_(file) {}
  int file_;
};

}  // namespace holdfast::cli
