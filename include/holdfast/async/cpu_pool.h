#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <expected>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "holdfast/async/event.h"
#include "holdfast/async/fair_queue.h"
#include "holdfast/async/task.h"

namespace holdfast::async {

/// What `Task<Result<…>>` a function of type F gives when run elsewhere: a Result stays as it is, anything
/// else is wrapped.
template <class T>
struct AsResult {
  using Type = Result<T>;
};
template <class T>
struct AsResult<Result<T>> {
  using Type = Result<T>;
};
template <class F>
using ResultOf = typename AsResult<std::invoke_result_t<F&>>::Type;

/// One piece of work in a CpuPool. Its owner may take it back until a thread has begun it.
class PoolJob {
 public:
  virtual ~PoolJob() = default;
  virtual void run() = 0;

  /// Exactly one of the two answers true.
  [[nodiscard]] bool begin() { return leave_queue(State::begun); }
  [[nodiscard]] bool take_back() { return leave_queue(State::taken_back); }

  Event ended;
  bool dropped = false;  ///< written before `ended`: the pool stopped before the job was run

 private:
  enum class State : std::uint8_t { queued, begun, taken_back };
  bool leave_queue(State next) {
    auto queued = State::queued;
    return state_.compare_exchange_strong(queued, next);
  }
  std::atomic<State> state_ = State::queued;
};

struct CpuPoolOptions {
  std::size_t threads = 0;  ///< 0: one per core
  /// Work that has waited so long is taken back: `overloaded`. Whoever waits longer has given up.
  std::chrono::nanoseconds longest_wait = std::chrono::nanoseconds::max();
  FairLimits limits;
};

/// A few threads for work that burns a core (Argon2id, RSA), behind a bounded FairQueue. The queue full:
/// `overloaded`, at once; still in it after `longest_wait`: the same. Tasks resume on their own executor.
///
/// Cancelled while queued, work is taken back and never runs; cancelled while running, the task still waits
/// for its end, so a function may refer to what its caller's frame owns. All member functions may be called
/// from any thread, except stop (not from a pool thread). Destroy it after the tasks that use it were joined.
class CpuPool {
 public:
  /// `name` names the threads (at most 12 characters are kept).
  CpuPool(std::string_view name, CpuPoolOptions options);
  CpuPool(const CpuPool&) = delete;
  CpuPool& operator=(const CpuPool&) = delete;
  /// stop().
  ~CpuPool();

  /// Runs `function` on a pool thread. `overloaded`, `cancelled`, `shutting_down`, or what it returned; an
  /// exception becomes `internal`.
  template <class F>
  [[nodiscard]] Task<ResultOf<F>> run(FairKey key, F function) {
    auto job = std::make_shared<JobOf<F>>(std::move(function));
    CO_TRY_VOID(co_await execute(std::move(key), job));
    co_return *std::move(job->result);
  }
  template <class F>
  [[nodiscard]] Task<ResultOf<F>> run(F function) {
    return run(FairKey{}, std::move(function));
  }

  /// Work that waits, for metrics.
  [[nodiscard]] std::size_t queued() const;
  /// Drops what is queued (`shutting_down`), ends the threads after what they run; idempotent.
  void stop();

 private:
  template <class F>
  struct JobOf final : PoolJob {
    explicit JobOf(F&& work) : function(std::move(work)) {}
    void run() override try {
      if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
        function();
        result.emplace();
      } else {
        result.emplace(function());
      }
    } catch (const std::exception& failure) {
      result.emplace(fail(ErrorKind::internal, "internal", "internal error", failure.what()));
    } catch (...) {
      result.emplace(fail(ErrorKind::internal, "internal", "internal error", "not a std::exception"));
    }
    F function;
    std::optional<ResultOf<F>> result;
  };
  struct Shared;

  [[nodiscard]] Task<Result<>> execute(FairKey key, std::shared_ptr<PoolJob> job);
  [[nodiscard]] Result<> enqueue(const FairKey& key, std::shared_ptr<PoolJob> job);

  std::unique_ptr<Shared> shared_;
};

}  // namespace holdfast::async
