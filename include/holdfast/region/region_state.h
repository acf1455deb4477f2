#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/region/listeners.h"
#include "holdfast/region/role.h"
#include "holdfast/storage/position.h"

namespace holdfast::region {

/// The primary as this region knows it.
struct PrimaryInfo {
  RegionName name;
  std::string public_url;
  std::string objects_url;
  bool reachable = false;  ///< heard within the silence limit (5 s); always true at the primary itself
};

/// A consistent copy of what this region knows about itself.
struct RegionView {
  RegionName self;
  Role role = Role::fenced;
  FenceReason fence_reason = FenceReason::waiting_for_peers;
  storage::Term term;                       ///< of the last applied or written batch
  std::optional<PrimaryInfo> primary;       ///< absent when no primary is known
  bool ever_synced = false;                 ///< false: a joiner before its first snapshot; never ready
  std::optional<SteadyTime> cut_off_since;  ///< at a secondary without its primary: when it was last heard
};

/// The one place that answers "may this region write?", "who is primary?" and "should it get traffic?".
/// Written by the boot rules and by replication, read by everybody. Thread-safe; the questions are answered
/// without blocking, so the I/O thread may ask. Lives as long as the process.
class RegionState {
 public:
  explicit RegionState(RegionName self);

  [[nodiscard]] RegionView view() const;
  [[nodiscard]] Role role() const { return role_.load(std::memory_order_acquire); }
  [[nodiscard]] bool may_write() const { return role() == Role::primary; }
  /// The refusal every write path answers where may_write() is false: kind read_only, code
  /// `read_only_region`, with the primary's public URL in the message when it is known.
  [[nodiscard]] Error refusal() const;
  /// True wherever this region can sign users in: not before the first sync, not after a higher reign was
  /// seen.
  [[nodiscard]] bool should_get_traffic() const;
  /// True only at the writable primary.
  [[nodiscard]] bool should_get_primary_traffic() const { return may_write(); }

  /// Called after every change of the view, on the thread that changed it.
  [[nodiscard]] Subscription on_change(std::function<void(const RegionView&)> callback) {
    return changed_.add(std::move(callback));
  }
  /// At a secondary: the primary was silent past the limit. Not fired while booting.
  [[nodiscard]] Subscription on_primary_lost(std::function<void()> callback) {
    return lost_.add(std::move(callback));
  }
  /// At a secondary: the primary is heard (again). `same_incarnation` is true when it never stopped
  /// meanwhile, which voids a proposed failover.
  [[nodiscard]] Subscription on_primary_back(std::function<void(const bool& same_incarnation)> callback) {
    return back_.add(std::move(callback));
  }

  // For the boot rules and replication only.
  void become_primary(storage::Term term, PrimaryInfo self);
  void become_secondary();
  void become_fenced(FenceReason reason);
  void set_term(storage::Term term);
  void set_synced(bool synced);
  /// Who is primary by the last known term, before it was heard in this process's life.
  void set_primary(PrimaryInfo primary);
  void primary_heard(PrimaryInfo primary, storage::Term term);
  void primary_silent(SteadyTime last_heard);

 private:
  template <class Change>
  void update(Change change);

  mutable std::mutex mutex_;
  RegionView view_;
  std::optional<storage::Term> lost_in_term_;
  storage::Term primary_term_;
  std::atomic<Role> role_{Role::fenced};
  std::atomic<bool> traffic_{false};
  Listeners<RegionView> changed_;
  Listeners<> lost_;
  Listeners<bool> back_;
};

}  // namespace holdfast::region
