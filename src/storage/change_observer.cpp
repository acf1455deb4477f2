#include "holdfast/storage/change_observer.h"

#include <algorithm>
#include <map>
#include <mutex>

namespace holdfast::storage {

Subscription& Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    reset();
    end_ = std::exchange(other.end_, nullptr);
  }
  return *this;
}

void Subscription::reset() {
  if (auto end = std::exchange(end_, nullptr)) end();
}

namespace {

using TableNumber = std::uint32_t;

TableNumber table_number(Family family, std::uint16_t id) {
  return static_cast<TableNumber>(family) << 16U | id;
}

template <class Callback>
struct Observer {
  Callback callback;
  bool alive = true;
};
template <class Callback>
using Observers = std::vector<std::shared_ptr<Observer<Callback>>>;

/// A callback may subscribe or let go, so walk a copy (the parameter) and ask each whether it is still
/// wanted.
template <class Callback, class... Arguments>
void call_each(Observers<Callback> observers, const Arguments&... arguments) {
  for (const auto& observer : observers) {
    if (observer->alive) observer->callback(arguments...);
  }
}

}  // namespace

struct ChangeHub::State {
  // Held while callbacks run: that is what makes the end of a Subscription wait for them. Recursive, because
  // a callback may itself subscribe or let go.
  std::recursive_mutex mutex;
  std::map<TableNumber, Observers<ChangeCallback>> by_table;
  Observers<HeadCallback> heads;
  Observers<std::function<void()>> resets;
};

namespace {

template <class State, class Callback, class Where>
Subscription subscribe(const std::shared_ptr<State>& state, Callback callback, Where where) {
  auto observer = std::make_shared<Observer<Callback>>(Observer<Callback>{.callback = std::move(callback)});
  const std::scoped_lock lock(state->mutex);
  where(*state).push_back(observer);
  return Subscription([weak = std::weak_ptr(state), observer, where] {
    const auto alive = weak.lock();
    if (!alive) return;
    const std::scoped_lock end_lock(alive->mutex);
    observer->alive = false;
    std::erase(where(*alive), observer);
  });
}

}  // namespace

ChangeHub::ChangeHub() : state_(std::make_shared<State>()) {}

Subscription ChangeHub::observe(const Table& table, ChangeCallback callback) {
  const auto number = table_number(table.family, table.id);
  return subscribe(state_, std::move(callback),
                   [number](State& state) -> auto& { return state.by_table[number]; });
}

Subscription ChangeHub::observe_heads(HeadCallback callback) {
  return subscribe(state_, std::move(callback), [](State& state) -> auto& { return state.heads; });
}

Subscription ChangeHub::on_reset(std::function<void()> callback) {
  return subscribe(state_, std::move(callback), [](State& state) -> auto& { return state.resets; });
}

void ChangeHub::notify(const std::vector<Change>& changes, const Head& head) {
  const std::scoped_lock lock(state_->mutex);
  for (const auto& change : changes) {
    KeyReader reader(change.key);
    const auto id = reader.u16();
    if (!reader.ok()) continue;
    const auto found = state_->by_table.find(table_number(change.family, id));
    if (found != state_->by_table.end()) call_each(found->second, reader.rest(), change.deleted);
  }
  call_each(state_->heads, head);
}

void ChangeHub::reset() {
  const std::scoped_lock lock(state_->mutex);
  call_each(state_->resets);
}

}  // namespace holdfast::storage
