#include "ballast.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>

namespace holdfast::app {

Result<std::uint64_t> Ballast::free_bytes() const {
  std::error_code error;
  const auto space = std::filesystem::space(file_.parent_path(), error);
  if (!error) return space.available;
  return fail(ErrorKind::internal, "internal", file_.parent_path().string() + ": " + error.message());
}

Result<bool> Ballast::give_up_below(std::uint64_t needed_bytes) const {
  TRY(const auto free, free_bytes());
  if (free >= needed_bytes) return false;
  std::error_code error;
  return std::filesystem::remove(file_, error);
}

Result<> Ballast::require(std::uint64_t needed_bytes) const {
  TRY(const auto free, free_bytes());
  if (free >= needed_bytes) return {};
  return fail(ErrorKind::storage_full, "storage_full",
              file_.parent_path().string() +
                  ": the disk is too full to open the stores: " + std::to_string(free) +
                  " bytes are free, at least " + std::to_string(needed_bytes) + " are needed");
}

Result<> Ballast::keep(std::uint64_t keep_free_bytes) const {
  std::error_code error;
  if (size_bytes_ == 0 || std::filesystem::file_size(file_, error) == size_bytes_) return {};
  TRY(const auto free, free_bytes());
  if (free < size_bytes_ + keep_free_bytes) return {};
  const int file = open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  // Blocks, not a hole: a sparse file would free nothing.
  const int failed = file < 0 ? errno : posix_fallocate(file, 0, static_cast<off_t>(size_bytes_));
  if (file >= 0) close(file);
  if (failed == 0) return {};
  std::filesystem::remove(file_, error);
  return fail(ErrorKind::storage_full, "storage_full", file_.string() + ": cannot be made",
              std::strerror(failed));
}

}  // namespace holdfast::app
