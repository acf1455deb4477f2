#include "holdfast/storage/committer.h"

#include <algorithm>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <utility>
#include <vector>

#include "commit_batch.h"
#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"
#include "holdfast/storage/step.h"
#include "rocks.h"

namespace holdfast::storage {
namespace {

using metrics::Kind;
metrics::Metric commit_batches{Kind::counter, "holdfast_commit_batches_total",
                               "Merged batches written and synced."};
metrics::Metric commit_transactions{Kind::counter, "holdfast_commit_transactions_total",
                                    "Transactions written."};
metrics::Metric commit_refused{Kind::counter, "holdfast_commit_precondition_failures_total",
                               "Transactions left out because a precondition did not hold."};
metrics::HistogramFamily commit_durations{"holdfast_commit_write_duration_seconds",
                                          "Time that a synced write of core.db takes."};
metrics::Histogram& write_durations = commit_durations.with({});
metrics::Metric commit_queue{Kind::gauge, "holdfast_commit_queue_bytes",
                             "Transactions waiting for the commit thread."};
metrics::Metric commit_open{Kind::gauge, "holdfast_commit_open",
                            "1 while this region's core.db takes writes."};
metrics::Metric storage_full_refusals{Kind::counter, "holdfast_storage_full_refusals_total",
                                      "Transactions refused below the free-space floor."};

Error unknown_because_fenced() {
  return {.kind = ErrorKind::outcome_unknown,
          .code = "outcome_unknown",
          .message = "it is not known whether this was written",
          .detail = "fenced while the write was under way"};
}

Error closed_for_life(std::string reason) {
  return {.kind = ErrorKind::unavailable,
          .code = "storage_failed",
          .message = "this region's storage failed; it takes no writes until it is restarted",
          .detail = std::move(reason)};
}

}  // namespace

Committer::Committer(CoreDb& db, const Clock& clock, CommitterOptions options)
    : db_(db), clock_(clock), options_(std::move(options)) {
  thread_ = std::thread([this] { run(); });
  failure_ = db_.on_failure([this](std::string reason) { close(std::move(reason)); });
}

Committer::~Committer() {
  failure_.reset();
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  commit_open.set(0);
}

Result<> Committer::begin(Term term) {
  const std::scoped_lock lock(mutex_);
  if (gate_ == Gate::closed) return fail(closed_for_life(closed_reason_));
  const auto head = db_.applied();
  if (term < head.term) {
    return fail(ErrorKind::conflict, "stale_term", "the log holds a newer term",
                to_string(term) + " after " + to_string(head.term));
  }
  term_ = term;
  gate_ = Gate::open;
  commit_open.set(1);
  return {};
}

Head Committer::fence() {
  std::unique_lock lock(mutex_);
  if (gate_ != Gate::closed) gate_ = Gate::fenced;
  fenced_in_flight_ = in_flight_;
  commit_open.set(0);
  wake_.notify_one();
  landed_.wait(lock, [this] { return !in_flight_; });
  return db_.applied();
}

void Committer::close(std::string reason) {
  const std::scoped_lock lock(mutex_);
  if (gate_ == Gate::closed) return;
  gate_ = Gate::closed;
  closed_reason_ = std::move(reason);
  commit_open.set(0);
  wake_.notify_one();
}

bool Committer::open() const {
  const std::scoped_lock lock(mutex_);
  return gate_ == Gate::open && !stopping_;
}

Error Committer::refusal() const {
  if (stopping_) {
    return {.kind = ErrorKind::unavailable,
            .code = "shutting_down",
            .message = "this region is stopping",
            .detail = {}};
  }
  if (gate_ == Gate::closed) return closed_for_life(closed_reason_);
  return {.kind = ErrorKind::read_only,
          .code = "read_only_region",
          .message = "this region may not write now",
          .detail = gate_ == Gate::fenced ? "fenced" : "no term begun"};
}

void Committer::commit(Transaction transaction, Done done) {
  Error refused;
  {
    const std::scoped_lock lock(mutex_);
    const auto size = transaction.size_bytes();
    if (const auto& broken = transaction.error()) {
      refused = *broken;
    } else if (gate_ != Gate::open || stopping_) {
      refused = refusal();
    } else if (queued_bytes_ + size > options_.queue_bytes) {
      refused = {.kind = ErrorKind::overloaded,
                 .code = "overloaded",
                 .message = "too many writes are waiting; try again later",
                 .detail = "commit queue"};
    } else {
      queued_bytes_ += size;
      commit_queue.set(static_cast<std::int64_t>(queued_bytes_));
      queue_.push_back({.transaction = std::move(transaction), .done = std::move(done)});
      wake_.notify_one();
      return;
    }
  }
  done(fail(std::move(refused)));
}

boost::asio::awaitable<Result<Head>> Committer::commit(Transaction transaction) {
  namespace asio = boost::asio;
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(Result<Head>)>(
      [this](auto handler, Transaction moved) {
        // The guard keeps the caller's executor running until its answer has been posted there.
        auto guard = asio::make_work_guard(asio::get_associated_executor(handler));
        commit(std::move(moved), [handler = std::move(handler),
                                  guard = std::move(guard)](Result<Head> head) mutable {
          const auto executor = guard.get_executor();
          // The guard goes along, so that it is the executor's own thread that lets go of the executor.
          asio::post(executor, [handler = std::move(handler), guard = std::move(guard),
                                head = std::move(head)]() mutable { std::move(handler)(std::move(head)); });
        });
      },
      asio::use_awaitable, std::move(transaction));
}

Result<Head> Committer::commit_and_wait(Transaction transaction) {
  std::promise<Result<Head>> promise;
  auto answer = promise.get_future();
  commit(std::move(transaction), [&promise](Result<Head> head) { promise.set_value(std::move(head)); });
  return answer.get();
}

void Committer::run() {
  while (true) {
    auto taken = take();
    if (taken.empty()) return;
    process(std::move(taken));
  }
}

std::deque<Committer::Waiting> Committer::take() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return {};
    std::deque<Waiting> taken;
    if (gate_ != Gate::open || stopping_) {
      taken.swap(queue_);
      queued_bytes_ = 0;
      const auto refused = refusal();
      lock.unlock();
      for (auto& waiting : taken) waiting.done(fail(refused));
      lock.lock();
      continue;
    }
    // One that does not fit any more waits for the next batch, and so do those behind it: order is kept.
    std::size_t bytes = batch_header_size + head_operation_size;
    while (!queue_.empty() &&
           (taken.empty() || bytes + queue_.front().transaction.size_bytes() <= options_.batch_bytes)) {
      bytes += queue_.front().transaction.size_bytes();
      queued_bytes_ -= queue_.front().transaction.size_bytes();
      taken.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    commit_queue.set(static_cast<std::int64_t>(queued_bytes_));
    in_flight_ = true;
    fenced_in_flight_ = false;
    return taken;
  }
}

void Committer::process(std::deque<Waiting> taken) {
  reached("commit.taken");
  const auto store = db_.rocks();
  const auto free = free_bytes_of(*store->db->GetEnv(), store->path).value_or(UINT64_MAX);
  CommitBatch batch(store);
  std::vector<Answer> answers;
  answers.reserve(taken.size());
  for (auto& [transaction, done] : taken) {
    auto room = check_room(transaction, free);
    answers.push_back({.done = std::move(done), .taken = room ? batch.add(transaction) : std::move(room)});
  }
  reached("commit.checked");
  Term term;
  {
    const std::scoped_lock lock(mutex_);
    term = term_;
  }
  const auto outcome = end_flight(batch.empty() ? Result<Head>(db_.applied()) : write(batch, term));
  for (auto& [done, included] : answers) {
    (included ? commit_transactions : commit_refused).add();
    done(included ? outcome : Result<Head>(fail(std::move(included).error())));
  }
  reached("commit.answered");
}

Result<> Committer::check_room(const Transaction& transaction, std::uint64_t free_bytes) const {
  const auto floor = transaction.takes_from_reserve()
                         ? std::min(options_.free_space_floor_bytes, options_.reserve_floor_bytes)
                         : options_.free_space_floor_bytes;
  if (transaction.empty() || free_bytes >= floor) return {};
  storage_full_refusals.add();
  return fail(ErrorKind::storage_full, "storage_full", "the disk is too full to write",
              std::to_string(free_bytes) + " bytes free");
}

Result<Head> Committer::write(CommitBatch& batch, Term term) {
  const auto store = db_.rocks();
  const auto begun = clock_.steady_now();
  auto raw = batch.write(db_.applied(), term, clock_.now());
  if (!raw) return fail(std::move(raw).error());
  write_durations.observe(clock_.steady_now() - begun);
  commit_batches.add();
  reached("commit.synced");

  const Head head = (*raw)->head;
  store->set_applied(head, true);
  if (options_.publish) options_.publish(*std::move(raw));
  reached("commit.published");
  db_.changes().notify(batch.changes(), head);
  reached("commit.observed");
  return head;
}

Result<Head> Committer::end_flight(Result<Head> written) {
  const std::scoped_lock lock(mutex_);
  in_flight_ = false;
  landed_.notify_all();
  // Another region may take over without this batch: it is in our log, but it must not be promised to
  // anybody.
  if (written && fenced_in_flight_) return fail(unknown_because_fenced());
  return written;
}

}  // namespace holdfast::storage
