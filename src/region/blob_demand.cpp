#include "holdfast/region/blob_demand.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace holdfast::region {

void BlobDemand::want(const BlobId& id, storage::BlobContent content) {
  {
    const std::scoped_lock lock(mutex_);
    if (wishes_.contains(id)) return;
    add(id, std::move(content));
  }
  on_wanted_.notify();
}

BlobDemand::Wish& BlobDemand::add(const BlobId& id, storage::BlobContent content) {
  Wish wish{.content = std::move(content),
            .since = clock_->steady_now(),
            .place = queue_.insert(queue_.end(), id),
            .waiters = {}};
  return wishes_.emplace(id, std::move(wish)).first->second;
}

void BlobDemand::forget(const BlobId& id) {
  const std::scoped_lock lock(mutex_);
  const auto wish = wishes_.find(id);
  if (wish == wishes_.end()) return;
  queue_.erase(wish->second.place);
  wishes_.erase(wish);
}

async::Task<Result<>> BlobDemand::fetch_now(BlobId id, storage::BlobContent content,
                                            std::chrono::milliseconds limit) {
  const auto deadline = async::after(limit);
  const auto arrived = std::make_shared<async::Event>();
  {
    const std::scoped_lock lock(mutex_);
    const auto known = wishes_.find(id);
    auto& wish = known == wishes_.end() ? add(id, std::move(content)) : known->second;
    wish.waiters.push_back(arrived);
    queue_.splice(queue_.begin(), queue_, wish.place);
  }
  on_wanted_.notify();
  if (co_await arrived->wait(deadline)) co_return Result<>{};
  stop_waiting(id, arrived);
  co_return fail(ErrorKind::unavailable, "content_pending", "the content has not reached this region yet");
}

void BlobDemand::stop_waiting(const BlobId& id, const std::shared_ptr<async::Event>& waiter) {
  const std::scoped_lock lock(mutex_);
  const auto wish = wishes_.find(id);
  if (wish == wishes_.end()) return;
  std::erase_if(wish->second.waiters, [&](const auto& one) { return one.expired() || one.lock() == waiter; });
}

std::size_t BlobDemand::missing() const {
  const std::scoped_lock lock(mutex_);
  return wishes_.size();
}

std::size_t BlobDemand::waiting() const {
  const std::scoped_lock lock(mutex_);
  std::size_t count = 0;
  for (const auto& [id, wish] : wishes_) count += wish.waiters.size();
  return count;
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
  const auto end = std::next(queue_.begin(), static_cast<std::ptrdiff_t>(std::min(limit, queue_.size())));
  std::vector<BlobId> ids(queue_.begin(), end);
  // Behind the others for the next round, in case nobody has them now.
  queue_.splice(queue_.end(), queue_, queue_.begin(), end);
  return ids;
}

std::optional<storage::BlobContent> BlobDemand::wanted(const BlobId& id) const {
  const std::scoped_lock lock(mutex_);
  const auto wish = wishes_.find(id);
  if (wish == wishes_.end()) return std::nullopt;
  return wish->second.content;
}

void BlobDemand::arrived(const BlobId& id) {
  std::vector<std::weak_ptr<async::Event>> waiters;
  {
    const std::scoped_lock lock(mutex_);
    const auto wish = wishes_.find(id);
    if (wish != wishes_.end()) {
      waiters = std::move(wish->second.waiters);
      queue_.erase(wish->second.place);
      wishes_.erase(wish);
    }
  }
  for (const auto& waiter : waiters) {
    if (const auto event = waiter.lock()) event->set();
  }
}

}  // namespace holdfast::region
