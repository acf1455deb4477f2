#include <algorithm>
#include <utility>

#include "holdfast/async/timer.h"
#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"
#include "source_driver.h"

// The primary's side of VERIFY: a mark in the stream, a snapshot exactly there, digests of raw sealed bytes.
namespace holdfast::replication {
namespace {

metrics::Metric mismatched_ranges{metrics::Kind::counter, "holdfast_verify_mismatches_total",
                                  "Ranges of rows in which a comparison found a member to differ."};

constexpr std::chrono::milliseconds look_for_turn{50};

std::unexpected<Error> verify_running() {
  return fail(ErrorKind::conflict, "verify_running", "this member is being compared already");
}

/// Our own digests of the ranges that the member names.
std::vector<RangeDigest> own_side(const std::vector<RangeDigest>& ours,
                                  const std::vector<RangeDigest>& theirs) {
  std::vector<RangeDigest> here;
  for (const auto& range : theirs) {
    const auto same = [&](const RangeDigest& own) {
      return own.family == range.family && own.begin == range.begin;
    };
    if (const auto own = std::ranges::find_if(ours, same); own != ours.end()) here.push_back(*own);
  }
  return here;
}

}  // namespace

void SourceDriver::verify(std::shared_ptr<VerifyJob> job) {
  {
    const std::scoped_lock lock(mutex_);
    if (new_job_) {
      job->answer.set(verify_running());
      return;
    }
    new_job_ = std::move(job);
  }
  wake_.notify();
}

void SourceDriver::begin_new_job() {
  std::shared_ptr<VerifyJob> job;
  {
    const std::scoped_lock lock(mutex_);
    job = std::exchange(new_job_, nullptr);
  }
  if (!job) return;
  // The comparison that runs goes on; one that a member never answered bars nothing.
  if (job_ && !job_->abandoned) return job->answer.set(verify_running());
  job_ = job;
  carry_out(session_.begin_mark(job->mark));
}

void SourceDriver::end_jobs() {
  std::shared_ptr<VerifyJob> unread;
  {
    const std::scoped_lock lock(mutex_);
    unread = std::exchange(new_job_, nullptr);
  }
  for (const auto& job : {std::exchange(job_, nullptr), unread}) {
    if (!job) continue;
    job->abandoned = true;
    job->answer.set(fail(ErrorKind::unavailable, "member_away", "the connection to the member ended"));
  }
}

void SourceDriver::take_mark_snapshot(std::uint64_t mark) {
  if (!job_ || job_->mark != mark) return;
  job_->snapshot = context_->parts.core.snapshot();
  const auto head = job_->snapshot->head();
  if (!head) {
    std::exchange(job_, nullptr)->answer.set(fail(head.error()));
    return;
  }
  job_->at = storage::position_of(*head);
  carry_out(session_.on_mark_snapshot(mark, *head));
}

void SourceDriver::mark_sent() {
  if (job_) context_->tasks.spawn(channel_->connection().executor(), send_digests(shared_from_this(), job_));
}

async::Task<> SourceDriver::send_digests(std::shared_ptr<SourceDriver> self, std::shared_ptr<VerifyJob> job) {
  // One at a time; waiting for it takes no thread.
  std::optional<ComparisonClaim> claim(std::in_place, *context_);
  while (!claim->held()) {
    co_await async::sleep_for(look_for_turn);
    if (job->abandoned) co_return;
    claim.emplace(*context_);
  }
  auto ranges = co_await async::offload(context_->parts.disk, [snapshot = *job->snapshot, job] {
    return digest_store(snapshot, job->abandoned);
  });
  claim.reset();
  if (self->closed_ || job_ != job) co_return;
  if (!ranges) {
    std::exchange(job_, nullptr)->answer.set(fail(ranges.error()));
    co_return;
  }
  job->ranges = *std::move(ranges);
  for (const auto& digests : digests_in_messages(job->mark, job->ranges)) channel_->send(digests);
}

void SourceDriver::verify_answered(Verified verified) {
  if (!job_ || job_->mark != verified.mark) return;
  const auto job = std::exchange(job_, nullptr);
  if (!verified.error.empty()) {
    job->answer.set(fail(ErrorKind::unavailable, "verify_failed", verified.error));
    return;
  }
  VerifyReport report{.member = peer_, .at = job->at, .ranges = job->ranges.size()};
  for (const auto& range : job->ranges) report.rows += range.rows;
  report.here = own_side(job->ranges, verified.mismatches);
  report.there = std::move(verified.mismatches);
  context_->parts.peers.diverged(peer_, !report.identical());
  if (!report.identical()) {
    mismatched_ranges.add(static_cast<std::int64_t>(report.there.size()));
    log::error(log::For{job->request_id}, "a member's data differs from the primary's at the same position",
               {{"peer", peer_.str()},
                {"position", storage::to_string(report.at)},
                {"ranges", report.there.size()}});
  }
  job->answer.set(std::move(report));
}

}  // namespace holdfast::replication
