#include "holdfast/storage/core_db.h"

#include <shared_mutex>

#include "error_guard.h"
#include "holdfast/base/log.h"
#include "rocks.h"

namespace holdfast::storage {

struct CoreDb::State {
  CoreDbOptions options;
  RocksTuning tuning;
  std::shared_ptr<ErrorGuard> guard;  // one for all stores that this object ever opens: a failure is for life
  mutable std::shared_mutex mutex;
  std::shared_ptr<RocksStore> store;
  std::shared_ptr<KeyRing> ring;
  Subscription ring_observer;
};

CoreDb::CoreDb(std::unique_ptr<State> state) : state_(std::move(state)) {}
CoreDb::~CoreDb() { state_->ring_observer.reset(); }

Result<std::unique_ptr<CoreDb>> CoreDb::open(CoreDbOptions options) {
  return open_tuned(std::move(options), {});
}

Result<std::unique_ptr<CoreDb>> CoreDb::open_tuned(CoreDbOptions options, const RocksTuning& tuning) {
  auto guard = std::make_shared<ErrorGuard>();
  TRY(auto store, open_rocks_store(options, tuning, guard));
  auto state = std::make_unique<State>();
  state->options = std::move(options);
  state->options.create = false;
  state->tuning = tuning;
  state->guard = std::move(guard);
  state->store = std::move(store);
  return std::unique_ptr<CoreDb>(new CoreDb(std::move(state)));
}

Result<> CoreDb::unlock(ClusterId cluster, RootKey root) {
  auto ring = std::make_shared<KeyRing>(std::move(cluster), std::move(root));
  TRY_VOID(ring->load(Reader(rocks(), ring)));
  // Registered before any other observer, so that those can already read what a new key seals.
  auto observer = changes_.observe(data_keys_table, [this, ring](BytesView key, bool /*deleted*/) {
    const auto refreshed = ring->refresh(Reader(rocks(), ring), KeyReader(key).u32());
    if (!refreshed) log::error("a new data key cannot be opened", refreshed.error());
  });
  const std::unique_lock lock(state_->mutex);
  state_->ring = std::move(ring);
  state_->ring_observer = std::move(observer);
  return {};
}

bool CoreDb::unlocked() const { return keys() != nullptr; }

std::shared_ptr<KeyRing> CoreDb::keys() const {
  const std::shared_lock lock(state_->mutex);
  return state_->ring;
}

std::shared_ptr<RocksStore> CoreDb::rocks() const {
  const std::shared_lock lock(state_->mutex);
  return state_->store;
}

Reader CoreDb::reader() const { return Reader(rocks(), keys()); }

Reader CoreDb::snapshot() const {
  auto store = rocks();
  auto taken = std::make_shared<RocksSnapshot>(store);
  return Reader(std::move(store), keys(), std::move(taken));
}

Transaction CoreDb::transaction() const { return Transaction(keys()); }

Head CoreDb::applied() const { return rocks()->applied(); }
Head CoreDb::durable() const { return rocks()->durable(); }
std::filesystem::path CoreDb::path() const { return rocks()->path; }

Subscription CoreDb::observe(const Table& table, ChangeCallback callback) {
  return changes_.observe(table, std::move(callback));
}

Subscription CoreDb::observe_heads(HeadCallback callback) {
  return changes_.observe_heads(std::move(callback));
}

Subscription CoreDb::on_reset(std::function<void()> callback) {
  return changes_.on_reset(std::move(callback));
}

std::optional<std::string> CoreDb::failure() const { return state_->guard->failure(); }

Subscription CoreDb::on_failure(std::function<void(std::string reason)> callback) {
  return state_->guard->on_failure(std::move(callback));
}

Result<> CoreDb::check_replacement(std::filesystem::path path) const {
  auto options = state_->options;
  options.path = std::move(path);
  auto tuning = state_->tuning;
  tuning.read_only = true;
  // With a guard of its own: what is wrong with that store is no failure of this one.
  TRY(const auto store, open_rocks_store(options, tuning));
  if (const auto ring = keys()) TRY_VOID(ring->check(Reader(store, ring)));
  return {};
}

Result<> CoreDb::replace(std::filesystem::path path) {
  auto options = state_->options;
  options.path = std::move(path);
  TRY(auto store, open_rocks_store(options, state_->tuning, state_->guard));
  if (const auto ring = keys()) TRY_VOID(ring->load(Reader(store, ring)));
  {
    const std::unique_lock lock(state_->mutex);
    store.swap(state_->store);
  }
  store->retire();
  changes_.reset();
  return {};
}

}  // namespace holdfast::storage
