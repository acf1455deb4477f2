#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "holdfast/async/event.h"
#include "holdfast/async/task.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/region/members.h"
#include "holdfast/region/slot_state.h"
#include "holdfast/storage/position.h"

namespace holdfast::region {

/// What is known of one other member. Positions are durable ones: fsynced there, not merely received.
struct PeerStatus {
  RegionName name;
  std::optional<storage::Position> durable;
  SlotState slot = SlotState::reserved;
  bool connected = false;
  std::optional<SteadyTime> heard_at;
  std::chrono::microseconds lag{};  ///< by the primary's clock alone; zero when caught up
  std::uint64_t lag_bytes = 0;
  std::uint64_t blobs_missing = 0;  ///< objects whose bytes it does not have yet
  bool diverged = false;            ///< a comparison found other bytes there: bars its promotion
};

/// What each member has durably; fed by replication, asked by the Writer (acknowledge k of n), by signing-key
/// activation and by the admin API. Thread-safe; never blocks on I/O. Lives as long as the process.
class PeerTable {
 public:
  PeerTable(Members& members, const Clock& clock);

  /// Every active member but this one, whether ever heard or not, by name.
  [[nodiscard]] std::vector<PeerStatus> all() const;
  [[nodiscard]] std::optional<PeerStatus> find(const RegionName& name) const;
  /// True when every active member whose slot is not lost has the position durably (this region has by
  /// definition). A sole member: always true. Positions of other histories never count.
  [[nodiscard]] bool durable_everywhere(const storage::Position& position) const;
  /// Resumes once durable_everywhere(position) holds; `unavailable` at the deadline.
  async::Task<Result<>> wait_durable_everywhere(storage::Position position, std::chrono::milliseconds limit);
  /// Resumes once `count` other members have the position durably; kind outcome_unknown at the deadline.
  async::Task<Result<>> wait_durable(storage::Position position, std::size_t count,
                                     std::chrono::milliseconds limit);
  /// A member is live when it was heard within the silence limit and its slot is not lost.
  [[nodiscard]] bool live(const RegionName& name) const;
  /// Active members other than this region that are live.
  [[nodiscard]] std::size_t live_count() const;

  // For replication only.
  void heard(const RegionName& name) { heard(name, clock_->steady_now()); }
  /// At a time that may be before one that is known.
  void heard(const RegionName& name, SteadyTime at);
  void connected(const RegionName& name, bool is_connected);
  void durable(const RegionName& name, const storage::Position& position);
  void lag(const RegionName& name, std::chrono::microseconds time, std::uint64_t bytes);
  void slot(const RegionName& name, SlotState state);
  void blobs_missing(const RegionName& name, std::uint64_t count);
  void diverged(const RegionName& name, bool is_diverged);

 private:
  struct Waiter {
    storage::Position position;
    std::optional<std::size_t> count;  ///< absent: everywhere
    async::Event event;
  };

  template <class Change>
  void change(const RegionName& name, Change apply);
  async::Task<Result<>> wait(storage::Position position, std::optional<std::size_t> count,
                             std::chrono::milliseconds limit);
  [[nodiscard]] bool is_live(const PeerStatus& peer) const;
  void wake();
  void forget_removed();

  const Members* members_;
  const Clock* clock_;
  mutable std::mutex mutex_;
  std::map<RegionName, PeerStatus> peers_;
  std::vector<std::weak_ptr<Waiter>> waiters_;
  Subscription subscription_;
};

}  // namespace holdfast::region
