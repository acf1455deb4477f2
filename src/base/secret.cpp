#include "holdfast/base/secret.h"

#include <cstring>

namespace holdfast {

void wipe(Bytes& bytes) {
  // Behind what the string holds now may be what it held before.
  bytes.resize(bytes.capacity());
  explicit_bzero(bytes.data(), bytes.size());
  bytes.clear();
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(bytes_);
    bytes_ = std::move(other.bytes_);
    wipe(other.bytes_);
  }
  return *this;
}

}  // namespace holdfast
