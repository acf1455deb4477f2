#pragma once

#include <cstdint>
#include <filesystem>

#include "holdfast/base/result.h"

namespace holdfast::storage {

/// Bytes that this process may still write on the file system of `path`.
Result<std::uint64_t> free_bytes(const std::filesystem::path& path);

/// A file of real blocks that is given up when the disk is full, so that a restart finds room to recover in.
class Ballast {
 public:
  explicit Ballast(std::filesystem::path file, std::uint64_t size_bytes = 128UL * 1024 * 1024);
  /// Allocates it where there is room beyond `keep_free_bytes`; otherwise leaves it for a later call.
  /// Idempotent.
  Result<> ensure(std::uint64_t keep_free_bytes);
  /// Frees it when less than `needed_bytes` are free; true when it did.
  Result<bool> release_if_below(std::uint64_t needed_bytes);

 private:
  std::filesystem::path file_;
  std::uint64_t size_bytes_;
};

}  // namespace holdfast::storage
