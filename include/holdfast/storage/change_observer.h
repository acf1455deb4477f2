#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/storage/position.h"
#include "holdfast/storage/table.h"

namespace holdfast::storage {

/// Keeps an observer registered; letting go ends it. After the destructor returned the callback does not run
/// any more (unless it is the callback itself that lets go).
class Subscription {
 public:
  Subscription() = default;
  explicit Subscription(std::function<void()> end) : end_(std::move(end)) {}
  Subscription(Subscription&& other) noexcept : end_(std::exchange(other.end_, nullptr)) {}
  Subscription& operator=(Subscription&& other) noexcept;
  ~Subscription() { reset(); }
  void reset();

 private:
  std::function<void()> end_;
};

/// `key` without the table id. Runs on the thread that wrote, after the write is published and before its
/// waiters are answered: keep it short, never block, never commit from inside. Reading is fine.
using ChangeCallback = std::function<void(BytesView key, bool deleted)>;

/// The head of each batch, once it can be read (on a secondary perhaps not yet synced). Runs where and when
/// ChangeCallback does, after the callbacks of the batch's rows.
using HeadCallback = std::function<void(const Head& head)>;

/// One changed row: what the committer and the applier report.
struct Change {
  Family family;
  Bytes key;  ///< with the table id
  bool deleted;
};

/// Tells caches which rows changed, on primaries and secondaries alike. Thread-safe; callbacks of one batch
/// run in the order of its operations, batches in the order of the log, never two at once.
class ChangeHub {
 public:
  ChangeHub();
  [[nodiscard]] Subscription observe(const Table& table, ChangeCallback callback);
  [[nodiscard]] Subscription observe_heads(HeadCallback callback);
  /// The whole store was exchanged (snapshot installed): forget everything.
  [[nodiscard]] Subscription on_reset(std::function<void()> callback);

  void notify(const std::vector<Change>& changes, const Head& head);
  void reset();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace holdfast::storage
