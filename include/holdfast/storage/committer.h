#pragma once

#include <boost/asio/awaitable.hpp>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "holdfast/base/clock.h"
#include "holdfast/base/result.h"
#include "holdfast/storage/core_db.h"
#include "holdfast/storage/raw_batch.h"
#include "holdfast/storage/transaction.h"

namespace holdfast::storage {

/// Called at each named step of a commit, on the commit thread: fault tests kill the process there.
/// taken → checked → (RocksDB writes and syncs) → synced → published → observed → answered
using CommitSteps = std::function<void(std::string_view step)>;

struct CommitterOptions {
  /// Below this much free space writes are refused as `storage_full`.
  std::uint64_t free_space_floor_bytes = 512UL * 1024 * 1024;
  /// One merged batch; a transaction that does not fit any more waits for the next.
  std::size_t batch_bytes = max_batch_bytes;
  /// Waiting transactions; beyond it `overloaded`.
  std::size_t queue_bytes = 64UL * 1024 * 1024;
  /// Each synced batch, in order, before its observers and waiters: the replication ring.
  std::function<void(RawBatchPtr)> publish;
  CommitSteps steps;
};

/// The one writer of core.db at a primary. One thread takes all waiting transactions, checks each one's
/// preconditions in order against the store plus the batch being built, writes them as ONE synced batch that
/// ends with its head record, then publishes, tells observers, answers. Thread-safe. Answers:
/// - the precondition's own error: only that transaction is left out;
/// - `storage_full`, `overloaded`, `read_only` (not open for writing): certainly not written;
/// - `outcome_unknown`: the write was under way when it failed to sync or when this region was fenced;
/// - `unavailable`/`storage_failed`: a background error closed the committer for this process's life; not
/// written.
class Committer {
 public:
  /// `db` and `clock` outlive the committer. Nothing is accepted before `begin`.
  Committer(CoreDb& db, const Clock& clock, CommitterOptions options = {});
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;
  /// Ends the batch in flight; what still waits is answered `unavailable`.
  ~Committer();

  /// Opens for writing under `term`, which may not be lower than the head's. `unavailable` once closed.
  Result<> begin(Term term);
  /// Closes the gate, waits for the batch in flight and returns the last head. Its waiters get
  /// `outcome_unknown`, the queue `read_only`. `begin` opens again. Blocks for at most one commit: not for
  /// I/O threads.
  Head fence();
  /// For good. The queue gets `unavailable`.
  void close(std::string reason);
  [[nodiscard]] bool open() const;

  /// Resumes on the awaiting coroutine's executor. Returns the head of the batch that holds the transaction.
  boost::asio::awaitable<Result<Head>> commit(Transaction transaction);
  /// `done` runs on the commit thread (or at once, when refused): hand over, do not work there.
  void commit(Transaction transaction, std::move_only_function<void(Result<Head>)> done);
  /// Blocks: for tools and tests.
  Result<Head> commit_and_wait(Transaction transaction);

 private:
  struct Waiting {
    Transaction transaction;
    std::move_only_function<void(Result<Head>)> done;
  };
  struct Batch;
  enum class Gate : std::uint8_t { idle, open, fenced, closed };

  void run();
  std::deque<Waiting> take();
  void commit_all(std::deque<Waiting> taken);
  void write(Batch& batch);
  void answer(Batch& batch);
  [[nodiscard]] Error refusal() const;
  void refuse_queue();
  void step(std::string_view name) const;

  CoreDb& db_;
  const Clock& clock_;
  CommitterOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::deque<Waiting> queue_;
  std::size_t queued_bytes_ = 0;
  Gate gate_ = Gate::idle;
  bool in_flight_ = false;
  bool fenced_in_flight_ = false;
  bool stopping_ = false;
  Term term_;
  std::string closed_reason_;
  Subscription failure_;
  std::thread thread_;
};

}  // namespace holdfast::storage
