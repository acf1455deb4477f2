#pragma once

#include <string>
#include <string_view>

#include "holdfast/crypto/random.h"

namespace holdfast::identity {

/// `size` characters, each drawn evenly from `alphabet` (at most 256 characters): bytes that would make some
/// characters likelier are drawn again.
inline std::string random_text(std::string_view alphabet, std::size_t size, crypto::Entropy& entropy) {
  const std::size_t fair = 256 - 256 % alphabet.size();
  std::string text;
  while (text.size() < size) {
    for (const char c : crypto::random_bytes(size - text.size(), entropy)) {
      const std::size_t drawn = static_cast<unsigned char>(c);
      if (drawn < fair) text.push_back(alphabet[drawn % alphabet.size()]);
    }
  }
  return text;
}

}  // namespace holdfast::identity
