#include "holdfast/storage/batch_ring.h"

#include <algorithm>
#include <utility>

namespace holdfast::storage {

struct BatchRing::Callbacks {
  using Entry = std::shared_ptr<std::function<void()>>;
  // Held while they run, so that the end of a Subscription waits for one that runs; recursive, because a
  // callback may itself let go.
  std::recursive_mutex mutex;
  std::vector<Entry> entries;

  void run() {
    const std::scoped_lock lock(mutex);
    for (const auto& entry : std::vector<Entry>(entries)) {
      if (std::ranges::find(entries, entry) != entries.end()) (*entry)();
    }
  }
};

BatchRing::BatchRing(std::size_t max_bytes)
    : max_bytes_(max_bytes), callbacks_(std::make_shared<Callbacks>()) {}

void BatchRing::publish(RawBatchPtr batch) {
  {
    const std::scoped_lock lock(mutex_);
    if (!batches_.empty() && batch->head.index != batches_.back()->head.index + 1) {
      batches_.clear();
      bytes_ = 0;
    }
    bytes_ += batch->rep.size();
    batches_.push_back(std::move(batch));
    // The newest batch always stays: a reader that keeps up never needs the log, however large one batch is.
    while (bytes_ > max_bytes_ && batches_.size() > 1) {
      bytes_ -= batches_.front()->rep.size();
      batches_.pop_front();
    }
  }
  callbacks_->run();
}

Result<std::vector<RawBatchPtr>> BatchRing::after(std::uint64_t index, std::size_t max_bytes) const {
  const std::scoped_lock lock(mutex_);
  std::vector<RawBatchPtr> out;
  if (batches_.empty() || index + 1 < batches_.front()->head.index || index > batches_.back()->head.index) {
    return fail(ErrorKind::not_found, "not_in_ring", "The batches are not in memory.");
  }
  std::size_t bytes = 0;
  for (auto at = index + 1 - batches_.front()->head.index; at < batches_.size(); ++at) {
    bytes += batches_[at]->rep.size();
    if (!out.empty() && bytes > max_bytes) break;
    out.push_back(batches_[at]);
  }
  return out;
}

Subscription BatchRing::on_publish(std::function<void()> callback) {
  const auto entry = std::make_shared<std::function<void()>>(std::move(callback));
  const std::scoped_lock lock(callbacks_->mutex);
  callbacks_->entries.push_back(entry);
  return Subscription([weak = std::weak_ptr(callbacks_), entry] {
    const auto callbacks = weak.lock();
    if (!callbacks) return;
    const std::scoped_lock end_lock(callbacks->mutex);
    std::erase(callbacks->entries, entry);
  });
}

void BatchRing::clear() {
  const std::scoped_lock lock(mutex_);
  batches_.clear();
  bytes_ = 0;
}

std::size_t BatchRing::bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

}  // namespace holdfast::storage
