#include "holdfast/region/blob_demand.h"

#include <algorithm>

namespace holdfast::region {

void BlobDemand::want(const BlobId& id) {
  {
    const std::scoped_lock lock(mutex_);
    const auto [wish, added] = wishes_.try_emplace(id, Wish{.since = clock_->steady_now(), .waiters = {}});
    if (!added) return;
    queue_.push_back(id);
  }
  wanted_.notify();
}

void BlobDemand::forget(const BlobId& id) {
  const std::scoped_lock lock(mutex_);
  wishes_.erase(id);
}

async::Task<Result<>> BlobDemand::fetch_now(BlobId id, std::chrono::milliseconds limit) {
  const auto deadline = async::after(limit);
  const auto arrived = std::make_shared<async::Event>();
  {
    const std::scoped_lock lock(mutex_);
    auto& wish = wishes_.try_emplace(id, Wish{.since = clock_->steady_now(), .waiters = {}}).first->second;
    wish.waiters.push_back(arrived);
    queue_.push_front(id);
  }
  wanted_.notify();
  if (co_await arrived->wait(deadline)) co_return Result<>{};
  co_return fail(ErrorKind::unavailable, "content_pending", "the content has not reached this region yet");
}

std::size_t BlobDemand::missing() const {
  const std::scoped_lock lock(mutex_);
  return wishes_.size();
}

std::optional<std::chrono::nanoseconds> BlobDemand::oldest() const {
  const std::scoped_lock lock(mutex_);
  if (wishes_.empty()) return std::nullopt;
  auto since = SteadyTime::max();
  for (const auto& [id, wish] : wishes_) since = std::min(since, wish.since);
  return clock_->steady_now() - since;
}

std::vector<BlobId> BlobDemand::next(std::size_t limit) {
  const std::scoped_lock lock(mutex_);
  std::vector<BlobId> ids;
  for (auto left = queue_.size(); left > 0 && ids.size() < limit; --left) {
    auto id = std::move(queue_.front());
    queue_.pop_front();
    if (!wishes_.contains(id)) continue;
    if (std::ranges::find(ids, id) != ids.end()) continue;
    ids.push_back(std::move(id));
  }
  // Behind the others for the next round, in case nobody has them now.
  for (const auto& id : ids) queue_.push_back(id);
  return ids;
}

void BlobDemand::arrived(const BlobId& id) {
  std::vector<std::weak_ptr<async::Event>> waiters;
  {
    const std::scoped_lock lock(mutex_);
    const auto wish = wishes_.find(id);
    if (wish != wishes_.end()) {
      waiters = std::move(wish->second.waiters);
      wishes_.erase(wish);
    }
  }
  for (const auto& waiter : waiters) {
    if (const auto event = waiter.lock()) event->set();
  }
  arrived_.notify(id);
}

}  // namespace holdfast::region
