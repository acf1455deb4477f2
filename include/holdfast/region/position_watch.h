#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "holdfast/async/event.h"
#include "holdfast/async/task.h"
#include "holdfast/base/result.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/position.h"

namespace holdfast::region {

/// What a position that some region gave out is to this one.
enum class PositionFate : std::uint8_t {
  held,     ///< in this history, and it can be read
  pending,  ///< not here yet, as far as can be told
  lost,     ///< in a tail that this history does not have: it will not come
};

/// Tells clients that read after a write elsewhere when this region has got there. Knows the newest heads
/// exactly, and of everything older where each term ended; a position that is older than both counts as held.
/// Fed by the store's observers, so it is right on primaries and secondaries alike. Thread-safe; judging
/// never reads the store. Lives as long as the process.
class PositionWatch {
 public:
  /// Before anything writes to `db`.
  static Result<std::unique_ptr<PositionWatch>> open(storage::CoreDb& db);

  [[nodiscard]] PositionFate judge(const storage::Position& position) const;
  /// Resumes once the position is held. Errors: conflict `position_lost`; unavailable `position_pending` at
  /// the deadline.
  async::Task<Result<>> wait(storage::Position position, std::chrono::milliseconds limit);

 private:
  using HashPrefix = std::array<char, 8>;
  struct Seen {
    storage::Term term;
    std::uint64_t index;
    HashPrefix hash;
  };
  /// A term, and where its predecessor ended.
  struct Opened {
    storage::Term term;
    storage::Term previous_term;
    std::uint64_t previous_index;
    HashPrefix previous_hash;
  };
  struct Waiter {
    storage::Position position;
    async::Event event;
  };

  explicit PositionWatch(storage::CoreDb& db) : db_(&db) {}
  Result<> reload_terms();
  void see(const storage::Head& head);
  void start_over();
  void wake();
  [[nodiscard]] PositionFate fate_of(const storage::Position& position) const;
  [[nodiscard]] PositionFate fate_by_terms(const storage::Position& position) const;

  storage::CoreDb* db_;
  mutable std::mutex mutex_;
  std::deque<Seen> seen_;  ///< one index after the other; the newest is what can be read
  std::vector<Opened> terms_;
  std::vector<std::weak_ptr<Waiter>> waiters_;
  std::vector<storage::Subscription> subscriptions_;
};

}  // namespace holdfast::region
