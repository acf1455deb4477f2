#include "context.h"

#include <utility>

#include "source_driver.h"

namespace holdfast::replication {

Context::Context(Replication::Parts shared_parts, Replication::Options shared_options,
                 std::unique_ptr<SlotBook> book)
    : parts(std::move(shared_parts)),
      options(std::move(shared_options)),
      slots(std::move(book)),
      shelf(parts.data, parts.core, *slots, parts.clock),
      tail(parts.core, [core = &parts.core] { return core->durable(); }),
      primary_heard_ns(parts.clock.steady_now().time_since_epoch().count()) {}

void Context::heard_primary(SteadyTime at) {
  const auto ns = at.time_since_epoch().count();
  auto known = primary_heard_ns.load();
  while (known < ns && !primary_heard_ns.compare_exchange_weak(known, ns)) {
  }
}

bool Context::enter(const RegionName& name, Purpose purpose) {
  const std::scoped_lock lock(mutex_);
  return inside_.emplace(name, purpose).second;
}

void Context::leave(const RegionName& name, Purpose purpose) {
  const std::scoped_lock lock(mutex_);
  inside_.erase({name, purpose});
}

void Context::add_source(const std::shared_ptr<SourceDriver>& driver) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(sources_, [](const auto& weak) { return weak.expired(); });
  sources_.push_back(driver);
}

std::vector<std::shared_ptr<SourceDriver>> Context::sources() {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<SourceDriver>> live;
  for (const auto& weak : sources_) {
    if (auto driver = weak.lock()) live.push_back(std::move(driver));
  }
  return live;
}

bool Context::give_to_stream_of(const RegionName& member, const std::shared_ptr<VerifyJob>& job) {
  for (const auto& driver : sources()) {
    if (driver->peer() != member || !driver->is_streaming()) continue;
    driver->verify(job);
    return true;
  }
  return false;
}

void Context::hear_primary(const RegionName& name) {
  const std::scoped_lock lock(mutex_);
  primaries_.insert(name);
}

void Context::stop_hearing_primary(const RegionName& name) {
  const std::scoped_lock lock(mutex_);
  if (const auto one = primaries_.find(name); one != primaries_.end()) primaries_.erase(one);
}

bool Context::hears_primary(const RegionName& name) {
  const std::scoped_lock lock(mutex_);
  return primaries_.contains(name);
}

bool Context::claim_blob(const BlobId& id) {
  const std::scoped_lock lock(mutex_);
  return claimed_.insert(id).second;
}

void Context::release_blob(const BlobId& id) {
  const std::scoped_lock lock(mutex_);
  claimed_.erase(id);
}

bool Context::claim_store() {
  const std::scoped_lock lock(mutex_);
  return !std::exchange(store_claimed_, true);
}

void Context::release_store() {
  const std::scoped_lock lock(mutex_);
  store_claimed_ = false;
}

bool Context::claim_comparison() {
  const std::scoped_lock lock(mutex_);
  return !std::exchange(comparison_claimed_, true);
}

void Context::release_comparison() {
  const std::scoped_lock lock(mutex_);
  comparison_claimed_ = false;
}

int Context::count_failed_verification(const std::string& snapshot) {
  const std::scoped_lock lock(mutex_);
  if (std::exchange(failing_snapshot_, snapshot) != snapshot) failed_verifications_ = 0;
  return ++failed_verifications_;
}

void Context::set_progress(std::optional<SnapshotProgress> progress) {
  const std::scoped_lock lock(mutex_);
  progress_ = std::move(progress);
}

std::optional<SnapshotProgress> Context::progress() {
  const std::scoped_lock lock(mutex_);
  return progress_;
}

}  // namespace holdfast::replication
