#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "holdfast/async/cpu_pool.h"

namespace holdfast::async {

/// A few threads for calls that may block on the disk: reads that miss the block cache, blob files, fsync
/// outside the commit thread. First come first served, bounded; otherwise as CpuPool.
class DiskPool {
 public:
  explicit DiskPool(std::size_t threads = 4, std::size_t max_queued = 1024)
      : pool_("disk", {.threads = threads,
                       .limits = {.total = max_queued, .per_address = max_queued, .per_user = max_queued}}) {}

  [[nodiscard]] CpuPool& threads() { return pool_; }
  void stop() { pool_.stop(); }

 private:
  CpuPool pool_;
};

/// Runs `function` on a thread of `pool` and resumes on the caller's executor:
/// `CO_TRY(auto user, co_await offload(disk, [&] { return store.find_user(id); }));`
template <class F>
[[nodiscard]] Task<ResultOf<F>> offload(DiskPool& pool, F function) {
  return pool.threads().run(std::move(function));
}

}  // namespace holdfast::async
