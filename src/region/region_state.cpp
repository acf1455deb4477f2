#include "holdfast/region/region_state.h"

namespace holdfast::region {
namespace {

bool gets_traffic(const RegionView& view) {
  if (!view.ever_synced) return false;
  return view.role != Role::fenced || view.fence_reason != FenceReason::higher_reign;
}

}  // namespace

RegionState::RegionState(RegionName self) { view_.self = std::move(self); }

RegionView RegionState::view() const {
  const std::scoped_lock lock(mutex_);
  return view_;
}

template <class Change>
void RegionState::update(Change change) {
  RegionView copy;
  {
    const std::scoped_lock lock(mutex_);
    change(view_);
    role_.store(view_.role, std::memory_order_release);
    traffic_.store(gets_traffic(view_), std::memory_order_release);
    copy = view_;
  }
  changed_.notify(copy);
}

Error RegionState::refusal() const {
  const auto known = view();
  std::string message = "this region may not write";
  if (known.primary && known.role != Role::primary) {
    message += "; the primary is " + known.primary->name.str() + " at " + known.primary->public_url;
  } else if (known.role == Role::fenced) {
    message += ": " + std::string(to_string(known.fence_reason));
  }
  return Error{ErrorKind::read_only, "read_only_region", std::move(message), {}};
}

bool RegionState::should_get_traffic() const { return traffic_.load(std::memory_order_acquire); }

void RegionState::become_primary(storage::Term term, PrimaryInfo self) {
  update([&](RegionView& view) {
    self.reachable = true;
    view.role = Role::primary;
    view.fence_reason = FenceReason::none;
    view.term = term;
    view.primary = std::move(self);
    view.ever_synced = true;
    view.cut_off_since.reset();
  });
}

void RegionState::become_secondary() {
  update([](RegionView& view) {
    view.role = Role::secondary;
    view.fence_reason = FenceReason::none;
    if (view.primary && view.primary->name == view.self) view.primary.reset();
  });
}

void RegionState::become_fenced(FenceReason reason) {
  update([&](RegionView& view) {
    view.role = Role::fenced;
    view.fence_reason = reason;
    if (view.primary && view.primary->name == view.self) view.primary.reset();
  });
}

void RegionState::set_term(storage::Term term) {
  update([&](RegionView& view) { view.term = term; });
}

void RegionState::set_synced(bool synced) {
  update([&](RegionView& view) { view.ever_synced = synced; });
}

void RegionState::set_primary(PrimaryInfo primary) {
  update([&](RegionView& view) {
    primary.reachable = view.primary && view.primary->name == primary.name && view.primary->reachable;
    view.primary = std::move(primary);
  });
}

void RegionState::primary_heard(PrimaryInfo primary, storage::Term term) {
  bool back = false;
  bool same_incarnation = false;
  update([&](RegionView& view) {
    back = !view.primary || !view.primary->reachable;
    same_incarnation = lost_in_term_.has_value() && *lost_in_term_ == term;
    if (back) lost_in_term_.reset();
    primary_term_ = term;
    primary.reachable = true;
    view.primary = std::move(primary);
    view.cut_off_since.reset();
  });
  if (back) back_.notify(same_incarnation);
}

void RegionState::primary_silent(SteadyTime last_heard) {
  bool lost = false;
  update([&](RegionView& view) {
    if (view.role == Role::primary) return;
    lost = view.primary && view.primary->reachable;
    if (view.primary) view.primary->reachable = false;
    if (!view.cut_off_since) view.cut_off_since = last_heard;
    if (lost) lost_in_term_ = primary_term_;
  });
  if (lost) lost_.notify();
}

}  // namespace holdfast::region
