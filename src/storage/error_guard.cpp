#include "error_guard.h"

#include "holdfast/base/log.h"

namespace holdfast::storage {

std::optional<std::string> ErrorGuard::failure() const {
  return failed() ? std::optional(reason_) : std::nullopt;
}

void ErrorGuard::fail(std::string reason) {
  const std::scoped_lock lock(mutex_);
  if (failed()) return;
  reason_ = std::move(reason);
  failed_.store(true, std::memory_order_release);
  log::error("the store failed: nothing is written any more until a restart", {{"reason", reason_}});
  for (const auto& [id, callback] : callbacks_) callback(reason_);
}

Subscription ErrorGuard::on_failure(Callback callback) {
  const std::scoped_lock lock(mutex_);
  if (failed()) {
    callback(reason_);
    return {};
  }
  const auto id = next_++;
  callbacks_.emplace_back(id, std::move(callback));
  return Subscription([weak = weak_from_this(), id] {
    const auto guard = weak.lock();
    if (!guard) return;
    const std::scoped_lock end_lock(guard->mutex_);
    std::erase_if(guard->callbacks_, [id](const auto& entry) { return entry.first == id; });
  });
}

}  // namespace holdfast::storage
