#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "holdfast/storage/change_observer.h"

namespace holdfast::storage {

/// Remembers the first background error of a store, which ends writing for this process's life
/// (docs/fault-tests.md, must 1). Shared by every store that one CoreDb opens and by RocksDB's listeners.
/// Thread-safe.
class ErrorGuard : public std::enable_shared_from_this<ErrorGuard> {
 public:
  using Callback = std::function<void(std::string reason)>;
  [[nodiscard]] std::optional<std::string> failure() const;
  [[nodiscard]] bool failed() const { return failed_.load(std::memory_order_acquire); }
  /// The first call counts; runs the callbacks, which may ask for `failure` but not subscribe or let go.
  void fail(std::string reason);
  [[nodiscard]] Subscription on_failure(Callback callback);

 private:
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  std::string reason_;  ///< never changes once failed_ is set
  std::vector<std::pair<std::uint64_t, Callback>> callbacks_;
  std::uint64_t next_ = 0;
};

}  // namespace holdfast::storage
