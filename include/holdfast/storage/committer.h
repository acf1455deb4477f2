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

class CommitBatch;

struct CommitterOptions {
  /// Below this much free space writes are refused as `storage_full`.
  std::uint64_t free_space_floor_bytes = 512UL * 1024 * 1024;
  /// The same for transactions that take from the reserve: more than one log file, so that a term never
  /// meets the end of the disk.
  std::uint64_t reserve_floor_bytes = 24UL * 1024 * 1024;
  /// One merged batch; a transaction that does not fit any more waits for the next.
  std::size_t batch_bytes = max_batch_bytes;
  /// Waiting transactions; beyond it `overloaded`.
  std::size_t queue_bytes = 64UL * 1024 * 1024;
  /// Each synced batch, in order, before its observers and waiters: the replication ring.
  std::function<void(RawBatchPtr)> publish;
};

/// The one writer of core.db at a primary. One thread takes all waiting transactions, checks each one's
/// preconditions in order against the store plus the batch being built, writes them as ONE synced batch that
/// ends with its head record, then publishes, tells observers, answers. Thread-safe. Passes the steps
/// commit.taken, commit.checked, commit.synced, commit.published, commit.observed, commit.answered (step.h).
/// Answers:
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

  /// Resumes on the awaiting coroutine's executor, which must outlive this: the commit thread may still be in
  /// `post` when the coroutine goes on. Returns the head of the batch that holds the transaction.
  boost::asio::awaitable<Result<Head>> commit(Transaction transaction);
  /// `done` runs on the commit thread (or at once, when refused): hand over, do not work there.
  void commit(Transaction transaction, std::move_only_function<void(Result<Head>)> done);
  /// Blocks: for tools and tests.
  Result<Head> commit_and_wait(Transaction transaction);

 private:
  using Done = std::move_only_function<void(Result<Head>)>;
  struct Waiting {
    Transaction transaction;
    Done done;
  };
  /// One transaction of a batch: whom to answer, and what if it was left out.
  struct Answer {
    Done done;
    Result<> taken;
  };
  enum class Gate : std::uint8_t { idle, open, fenced, closed };

  void run();
  /// Waits for work. Empty: stopping.
  std::deque<Waiting> take();
  void process(std::deque<Waiting> taken);
  /// `storage_full` for what may not be written with so much free space.
  [[nodiscard]] Result<> check_room(const Transaction& transaction, std::uint64_t free_bytes) const;
  Result<Head> write(CommitBatch& batch, Term term);
  /// What the waiters of the batch in flight are told, given how it went.
  Result<Head> end_flight(Result<Head> written);
  [[nodiscard]] Error refusal() const;

  CoreDb& db_;
  const Clock& clock_;
  CommitterOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable landed_;
  std::deque<Waiting> queue_;
  std::size_t queued_bytes_ = 0;
  Gate gate_ = Gate::idle;
  bool in_flight_ = false;
  bool fenced_in_flight_ = false;
  bool stopping_ = false;
  Term term_;
  std::string closed_reason_;
  std::thread thread_;
  Subscription failure_;  // last: its end waits for a running callback, which uses the members above
};

}  // namespace holdfast::storage
