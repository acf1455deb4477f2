#include "holdfast/storage/batch_ring.h"

namespace holdfast::storage {

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
  wake();
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

std::shared_ptr<void> BatchRing::on_publish(std::function<void()> callback) {
  auto entry = std::make_shared<std::function<void()>>(std::move(callback));
  const std::scoped_lock lock(mutex_);
  std::erase_if(callbacks_, [](const auto& weak) { return weak.expired(); });
  callbacks_.push_back(entry);
  return entry;
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

void BatchRing::wake() const {
  std::vector<std::shared_ptr<std::function<void()>>> awake;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& weak : callbacks_) {
      if (auto callback = weak.lock()) awake.push_back(std::move(callback));
    }
  }
  for (const auto& callback : awake) (*callback)();
}

}  // namespace holdfast::storage
