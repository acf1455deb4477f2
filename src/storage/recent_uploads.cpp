#include "recent_uploads.h"

#include <utility>

#include "files.h"

namespace holdfast::storage {

void RecentUploads::add(std::filesystem::path path, std::uint64_t bytes) {
  {
    const std::scoped_lock lock(mutex_);
    uploads_.push_back({.path = std::move(path), .bytes = bytes});
    bytes_ += bytes;
  }
  for (Upload oldest; take_oldest(oldest);) {
    // Removed meanwhile: then its pages are gone, too.
    if (const auto file = files::File::open_for_reading(oldest.path)) file->forget_cached();
  }
}

std::uint64_t RecentUploads::bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

bool RecentUploads::take_oldest(Upload& out) {
  const std::scoped_lock lock(mutex_);
  if (bytes_ <= most_bytes_) return false;
  out = std::move(uploads_.front());
  uploads_.pop_front();
  bytes_ -= out.bytes;
  return true;
}

}  // namespace holdfast::storage
