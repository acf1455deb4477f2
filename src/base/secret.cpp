#include "holdfast/base/secret.h"

#include <cstring>

namespace holdfast {

void wipe(Bytes& bytes) {
  bytes.resize(
      bytes.capacity());  // short strings live inside the object; reserve may have kept an old longer secret
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
