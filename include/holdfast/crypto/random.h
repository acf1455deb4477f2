#pragma once

#include <cstddef>
#include <string>

#include "holdfast/base/secret.h"

namespace holdfast::crypto {

/// Where random bytes come from, so that the simulation owns them too. Implementations are thread-safe.
class Entropy {
 public:
  virtual ~Entropy() = default;
  /// Fills `size` bytes at `out`; cannot fail (a machine without entropy stops the process).
  virtual void fill(char* out, std::size_t size) = 0;
};

/// The kernel's generator; lives for the whole process.
Entropy& system_entropy();

Bytes random_bytes(std::size_t size, Entropy& entropy = system_entropy());
/// For keys: wiped when it goes out of scope.
Secret random_secret(std::size_t size, Entropy& entropy = system_entropy());
/// RFC 9562 version 4, lower case.
std::string random_uuid(Entropy& entropy = system_entropy());
/// `bytes` random bytes as base64url without padding; 16 or more where the text must not be guessed.
std::string random_token(std::size_t bytes, Entropy& entropy = system_entropy());

}  // namespace holdfast::crypto
