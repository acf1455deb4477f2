#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace holdfast::region {

/// Keeps a callback registered for as long as it lives. Letting it go never waits for a callback that is
/// running.
using Subscription = std::shared_ptr<void>;

/// A list of callbacks. Thread-safe; callbacks run on the notifying thread, outside the lock, and must not
/// block.
template <class... Arguments>
class Listeners {
 public:
  using Callback = std::function<void(const Arguments&...)>;

  [[nodiscard]] Subscription add(Callback callback) {
    auto entry = std::make_shared<Callback>(std::move(callback));
    const std::scoped_lock lock(mutex_);
    std::erase_if(entries_, [](const auto& weak) { return weak.expired(); });
    entries_.push_back(entry);
    return entry;
  }

  void notify(const Arguments&... arguments) const {
    std::vector<std::weak_ptr<Callback>> entries;
    {
      const std::scoped_lock lock(mutex_);
      entries = entries_;
    }
    for (const auto& weak : entries) {
      if (const auto callback = weak.lock()) (*callback)(arguments...);
    }
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<Callback>> entries_;
};

}  // namespace holdfast::region
