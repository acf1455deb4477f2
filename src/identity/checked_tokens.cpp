#include "checked_tokens.h"

#include <utility>

namespace holdfast::identity {

CheckedTokens::Claims CheckedTokens::find(const Bytes& digest) {
  const std::lock_guard lock(mutex_);
  if (const auto found = recent_.find(digest); found != recent_.end()) return found->second;
  auto node = older_.extract(digest);
  if (node.empty()) return nullptr;
  Claims claims = node.mapped();
  put(digest, claims);
  return claims;
}

void CheckedTokens::keep(const Bytes& digest, Claims claims) {
  const std::lock_guard lock(mutex_);
  put(digest, std::move(claims));
}

std::size_t CheckedTokens::size() const {
  const std::lock_guard lock(mutex_);
  return recent_.size() + older_.size();
}

void CheckedTokens::put(const Bytes& digest, Claims claims) {
  if (recent_.size() >= half_) older_ = std::exchange(recent_, {});
  recent_.insert_or_assign(digest, std::move(claims));
}

}  // namespace holdfast::identity
