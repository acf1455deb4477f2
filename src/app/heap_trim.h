#pragma once

#include <algorithm>
#include <cstddef>

namespace holdfast::app {

/// Gives memory back to the operating system when a crowd has gone: the C library keeps what it freed in
/// pieces between pieces in use, and 10,000 connections leave hundreds of megabytes behind. Looked at from
/// time to time, by one thread.
class HeapTrim {
 public:
  /// So many connections fewer than there were at the last look or since are worth a walk through the heap.
  static constexpr std::size_t worth = 256;

  /// Whether `connections` are few enough by now.
  bool is_due(std::size_t connections) {
    most_ = std::max(most_, connections);
    if (most_ - connections < worth) return false;
    most_ = connections;
    return true;
  }

 private:
  std::size_t most_ = 0;
};

}  // namespace holdfast::app
