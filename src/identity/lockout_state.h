#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "holdfast/async/task_group.h"
#include "holdfast/identity/lockout_service.h"

namespace holdfast::identity {

struct LockoutService::Live {
  FailureCount count;
  std::uint32_t under_way = 0;
  /// Its row is written behind the answer, and may still say something else.
  bool is_changed = false;
  /// Somebody signed in: worth keeping, so that the next time needs no look at the rows.
  bool is_known = false;
};

/// What LockoutService holds in memory.
struct LockoutService::State {
  explicit State(std::size_t most) : most_live(most) {}

  const std::size_t most_live;
  std::mutex mutex;
  std::unordered_map<std::string, Live> young;
  std::unordered_map<std::string, Live> old;
  /// Rows of names that are nobody's; the sweep sets it right.
  std::atomic<std::size_t> name_rows = 0;
  async::TaskGroup writing{"failed attempts"};

  /// Moves what is used to the young generation. Call with the mutex held, as all of these.
  Live* find(const std::string& name) {
    if (const auto found = young.find(name); found != young.end()) return &found->second;
    const auto aged = old.find(name);
    if (aged == old.end()) return nullptr;
    const Live live = aged->second;
    old.erase(aged);
    return &put(name, live);
  }
  Live& put(const std::string& name, const Live& live) {
    if (young.size() >= most_live) {
      old = std::exchange(young, {});
    }
    return young.insert_or_assign(name, live).first->second;
  }
  /// An attempt has ended. What nothing was counted of says no more than the rows: kept, names that were
  /// never hashed (a full queue refuses them cheaply) would push out the counts of others.
  void leave(const std::string& name) {
    Live* const live = find(name);
    if (live == nullptr) return;
    if (live->under_way > 0) --live->under_way;
    const bool says_something = live->count.failures > 0 || live->is_changed || live->is_known;
    if (live->under_way == 0 && !says_something) young.erase(name);
  }
};

}  // namespace holdfast::identity
