#include "holdfast/region/peer_table.h"

#include <algorithm>

#include "holdfast/region/silence.h"

namespace holdfast::region {
namespace {

bool reaches(const PeerStatus& peer, const storage::Position& position) {
  if (!peer.durable) return false;
  // A member in a lower reign holds another history from here on: its index proves nothing.
  if (peer.durable->term.reign < position.term.reign) return false;
  if (peer.durable->index == position.index) return *peer.durable == position;
  return peer.durable->index > position.index;
}

/// Whether `count` of the peers have it; without a count: everybody whose slot is not lost.
bool satisfied(const std::vector<PeerStatus>& peers, const storage::Position& position,
               std::optional<std::size_t> count) {
  const auto there = static_cast<std::size_t>(
      std::ranges::count_if(peers, [&](const PeerStatus& peer) { return reaches(peer, position); }));
  if (count) return there >= *count;
  const auto lost = static_cast<std::size_t>(std::ranges::count_if(peers, [&](const PeerStatus& peer) {
    return peer.slot == SlotState::lost && !reaches(peer, position);
  }));
  return there + lost == peers.size();
}

}  // namespace

PeerTable::PeerTable(Members& members, const Clock& clock) : members_(&members), clock_(&clock) {
  subscription_ = members.on_change([this] {
    forget_removed();
    wake();
  });
}

void PeerTable::forget_removed() {
  const auto others = members_->others();
  const std::scoped_lock lock(mutex_);
  for (auto& [name, status] : peers_) {
    // Another region may come under its name and holds nothing of what this one held.
    if (std::ranges::find(others, name, &Member::name) == others.end()) status = PeerStatus{.name = name};
  }
}

std::vector<PeerStatus> PeerTable::all() const {
  const auto others = members_->others();
  const std::scoped_lock lock(mutex_);
  std::vector<PeerStatus> statuses;
  for (const auto& member : others) {
    const auto known = peers_.find(member.name);
    statuses.push_back(known != peers_.end() ? known->second : PeerStatus{.name = member.name});
  }
  return statuses;
}

std::optional<PeerStatus> PeerTable::find(const RegionName& name) const {
  const std::scoped_lock lock(mutex_);
  const auto known = peers_.find(name);
  if (known == peers_.end()) return std::nullopt;
  return known->second;
}

bool PeerTable::durable_everywhere(const storage::Position& position) const {
  return satisfied(all(), position, std::nullopt);
}

bool PeerTable::is_live(const PeerStatus& peer) const {
  return peer.slot != SlotState::lost && peer.heard_at &&
         clock_->steady_now() - *peer.heard_at <= silence_limit;
}

bool PeerTable::live(const RegionName& name) const {
  const auto peer = find(name);
  return peer && is_live(*peer);
}

std::size_t PeerTable::live_count() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(all(), [this](const PeerStatus& peer) { return is_live(peer); }));
}

async::Task<Result<>> PeerTable::wait_durable_everywhere(storage::Position position,
                                                         std::chrono::milliseconds limit) {
  auto result = co_await wait(position, std::nullopt, limit);
  if (result) co_return result;
  co_return fail(ErrorKind::unavailable, "members_behind", "not every member has this durably yet");
}

async::Task<Result<>> PeerTable::wait_durable(storage::Position position, std::size_t count,
                                              std::chrono::milliseconds limit) {
  auto result = co_await wait(position, count, limit);
  if (result) co_return result;
  co_return fail(ErrorKind::outcome_unknown, "outcome_unknown",
                 "the write is stored here, but not confirmed by as many regions as asked for");
}

async::Task<Result<>> PeerTable::wait(storage::Position position, std::optional<std::size_t> count,
                                      std::chrono::milliseconds limit) {
  const auto deadline = async::after(limit);
  const auto waiter = std::make_shared<Waiter>();
  waiter->position = position;
  waiter->count = count;
  {
    const std::scoped_lock lock(mutex_);
    std::erase_if(waiters_, [](const auto& weak) { return weak.expired(); });
    waiters_.push_back(waiter);
  }
  // Registered before the question, so that an ack in between is not missed.
  if (satisfied(all(), position, count)) co_return Result<>{};
  co_return co_await waiter->event.wait(deadline);
}

void PeerTable::wake() {
  std::vector<std::shared_ptr<Waiter>> waiting;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& weak : waiters_) {
      if (auto waiter = weak.lock()) waiting.push_back(std::move(waiter));
    }
  }
  if (waiting.empty()) return;
  const auto peers = all();  // once for all who wait: an ack of a busy primary wakes hundreds
  for (const auto& waiter : waiting) {
    if (satisfied(peers, waiter->position, waiter->count)) waiter->event.set();
  }
}

template <class Change>
void PeerTable::change(const RegionName& name, Change apply) {
  {
    const std::scoped_lock lock(mutex_);
    auto& peer = peers_[name];
    peer.name = name;
    apply(peer);
  }
  wake();
}

void PeerTable::heard(const RegionName& name, SteadyTime at) {
  const std::scoped_lock lock(mutex_);
  auto& peer = peers_[name];
  peer.name = name;
  peer.heard_at = std::max(peer.heard_at.value_or(at), at);
}

void PeerTable::connected(const RegionName& name, bool is_connected) {
  change(name, [&](PeerStatus& peer) { peer.connected = is_connected; });
}

void PeerTable::durable(const RegionName& name, const storage::Position& position) {
  change(name, [&](PeerStatus& peer) { peer.durable = position; });
}

void PeerTable::lag(const RegionName& name, std::chrono::microseconds time, std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  auto& peer = peers_[name];
  peer.name = name;
  peer.lag = time;
  peer.lag_bytes = bytes;
}

void PeerTable::slot(const RegionName& name, SlotState state) {
  change(name, [&](PeerStatus& peer) { peer.slot = state; });
}

void PeerTable::blobs_missing(const RegionName& name, std::uint64_t count) {
  const std::scoped_lock lock(mutex_);
  auto& peer = peers_[name];
  peer.name = name;
  peer.blobs_missing = count;
}

void PeerTable::diverged(const RegionName& name, bool is_diverged) {
  const std::scoped_lock lock(mutex_);
  auto& peer = peers_[name];
  peer.name = name;
  peer.diverged = is_diverged;
}

}  // namespace holdfast::region
