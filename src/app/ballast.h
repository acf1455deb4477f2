#pragma once

#include <cstdint>
#include <filesystem>

#include "holdfast/base/result.h"

namespace holdfast::app {

/// Room to restart in. RocksDB aborts the process when it opens a store on a full disk (seen with 7.8), so a
/// file of real blocks is kept beside it: given up at a start that finds the disk full, made again once there
/// is room.
class Ballast {
 public:
  Ballast(std::filesystem::path file, std::uint64_t size_bytes)
      : file_(std::move(file)), size_bytes_(size_bytes) {}

  /// Removes the file when less than `needed_bytes` are free; true when it did. To be called before a store
  /// is opened.
  Result<bool> give_up_below(std::uint64_t needed_bytes) const;
  /// `storage_full` when less than `needed_bytes` are free even so.
  [[nodiscard]] Result<> require(std::uint64_t needed_bytes) const;
  /// Allocates the file where `keep_free_bytes` stay free beside it. Does nothing otherwise, or when it is
  /// there.
  Result<> keep(std::uint64_t keep_free_bytes) const;

 private:
  [[nodiscard]] Result<std::uint64_t> free_bytes() const;

  std::filesystem::path file_;
  std::uint64_t size_bytes_;
};

}  // namespace holdfast::app
