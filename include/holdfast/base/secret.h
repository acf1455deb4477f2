#pragma once

#include "holdfast/base/bytes.h"

namespace holdfast {

/// Overwrites `bytes` in a way that the compiler keeps, then empties it.
void wipe(Bytes& bytes);

/// Bytes that are wiped when they go out of scope and that cannot be printed or copied by accident.
class Secret {
 public:
  Secret() = default;
  explicit Secret(Bytes bytes) : bytes_(std::move(bytes)) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { wipe(other.bytes_); }
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(bytes_); }

  /// The name says what happens: the caller now handles a secret.
  [[nodiscard]] BytesView expose() const { return bytes_; }
  [[nodiscard]] Secret copy() const { return Secret(bytes_); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  Bytes bytes_;
};

}  // namespace holdfast
