#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "holdfast/base/bytes.h"

namespace holdfast::identity {

struct ReadClaims;

/// Tokens whose signature was right, with what they say: both follow from the token's bytes and the key
/// alone. Nothing that can change is kept here: that the key is still one of the pool's, the time, client,
/// session, user and groups are for the caller to ask each time. Known by a digest, so that no token lies in
/// memory. Thread-safe. Bounded: the half that was used least lately is forgotten as a whole.
class CheckedTokens {
 public:
  using Claims = std::shared_ptr<const ReadClaims>;

  /// Keeps at least the `half` used last and at most twice as many.
  explicit CheckedTokens(std::size_t half) : half_(half) {}

  /// Null for a token that has not been kept.
  [[nodiscard]] Claims find(const Bytes& digest);
  void keep(const Bytes& digest, Claims claims);
  [[nodiscard]] std::size_t size() const;

 private:
  void put(const Bytes& digest, Claims claims);

  std::size_t half_;
  mutable std::mutex mutex_;
  std::unordered_map<Bytes, Claims> recent_;
  std::unordered_map<Bytes, Claims> older_;
};

}  // namespace holdfast::identity
