#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>

namespace holdfast::storage {

/// Uploads whose bytes the kernel still keeps in its page cache. The last ones stay there, for the members
/// that fetch them at once and the first who look at them. Older ones leave: a camera roll must not push the
/// store's own files out, and a page that was just given up is cheaper to write to than one that the machine
/// has to find (ADR 0080). Thread-safe.
class RecentUploads {
 public:
  explicit RecentUploads(std::uint64_t most_bytes = std::uint64_t{64} << 20U) : most_bytes_(most_bytes) {}

  /// A file that is durable. Lets go of the oldest beyond `most_bytes`.
  void add(std::filesystem::path path, std::uint64_t bytes);
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  struct Upload {
    std::filesystem::path path;
    std::uint64_t bytes;
  };
  /// The oldest one while there is too much.
  bool take_oldest(Upload& out);

  const std::uint64_t most_bytes_;
  mutable std::mutex mutex_;
  std::deque<Upload> uploads_;
  std::uint64_t bytes_ = 0;
};

}  // namespace holdfast::storage
