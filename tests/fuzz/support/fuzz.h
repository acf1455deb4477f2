#pragma once

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/bytes.h"

/// What the targets share. A target whose format no one writes by hand also gives its seeds: valid inputs
/// from which the fuzzer gets beyond magic numbers and lengths. `fuzz_ROOM_NAME seeds DIR` writes them;
/// tests/fuzz/ROOM/corpus/NAME keeps them and what a merge found worth keeping.
namespace holdfast::fuzz {

/// Defined by the target where it has any.
[[gnu::weak]] std::vector<Bytes> seeds();

inline void require(bool holds) {
  if (!holds) std::abort();
}

inline BytesView input_of(const unsigned char* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// What decodes must encode to something that decodes to the same.
template <class Decode, class Encode>
void require_stable(BytesView input, Decode decode, Encode encode) {
  const auto value = decode(input);
  if (!value) return;
  const Bytes written = encode(*value);
  const auto again = decode(BytesView(written));
  require(again.has_value() && encode(*again) == written);
}

/// Cuts the input at its first newline.
struct TwoParts {
  BytesView first;
  BytesView second;
};
inline TwoParts two_parts(BytesView input) {
  const auto cut = input.find('\n');
  if (cut == BytesView::npos) return {.first = input, .second = {}};
  return {.first = input.substr(0, cut), .second = input.substr(cut + 1)};
}

}  // namespace holdfast::fuzz
