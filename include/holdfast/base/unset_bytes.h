#pragma once

#include <cstddef>

#include "holdfast/base/bytes.h"

namespace holdfast {

/// Makes `bytes` exactly `size` long. What is new has no meaning and is to be overwritten as a whole:
/// clearing it first would cost pieces of a megabyte another pass.
inline void resize_unset(Bytes& bytes, std::size_t size) {
  // Not what the callback is given: in libstdc++ 12 that is the new capacity, which may be larger.
  bytes.resize_and_overwrite(size, [size](char*, std::size_t) { return size; });
}

inline Bytes unset_bytes(std::size_t size) {
  Bytes bytes;
  resize_unset(bytes, size);
  return bytes;
}

}  // namespace holdfast
