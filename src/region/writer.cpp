#include "holdfast/region/writer.h"

#include <string>
#include <utility>

#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"

namespace holdfast::region {
namespace {

metrics::Metric degraded_commits{
    metrics::Kind::counter, "holdfast_commits_degraded_total",
    "Writes acknowledged as local because too few secondaries confirmed them in time."};
metrics::Metric unknown_commits{metrics::Kind::counter, "holdfast_commits_unknown_total",
                                "Writes whose outcome the client was told to be unknown."};

std::unexpected<Error> too_few_regions(std::size_t needed, std::size_t live) {
  return fail(ErrorKind::unavailable, "too_few_regions",
              "nothing was written: this write has to be confirmed by " + std::to_string(needed) +
                  " other regions, and " + std::to_string(live) + " are heard");
}

}  // namespace

async::Task<Result<CommitReceipt>> Writer::commit(storage::Transaction transaction, AckClass ack_class) {
  if (!state_->may_write()) co_return fail(state_->refusal());
  const auto rule = settings_->rule_for(ack_class);
  if (rule && !rule->degrade) {
    // Known beforehand, so the client is not left in doubt about it. Who was silent for less may be back in
    // time.
    if (const auto live = peers_->live_count(); live < rule->needed)
      co_return too_few_regions(rule->needed, live);
  }
  const std::string request_id = transaction.request_id();
  auto committed = co_await committer_->commit(std::move(transaction));
  if (!committed) {
    if (committed.error().kind == ErrorKind::outcome_unknown) unknown_commits.add();
    // Fenced between the question above and the commit thread's gate: answer as every refused write does.
    if (committed.error().kind == ErrorKind::read_only) co_return fail(state_->refusal());
    co_return fail(std::move(committed).error());
  }
  CommitReceipt receipt{.head = *committed, .position = storage::position_of(*committed)};
  if (!rule) co_return receipt;
  CO_TRY(receipt.durability, co_await wait_for_members(*rule, receipt.position));
  if (receipt.durability == Durability::degraded) {
    degraded_commits.add();
    log::warn(log::For{request_id}, "a write was acknowledged without its secondaries",
              {{"class", to_string(ack_class)}});
  }
  co_return receipt;
}

async::Task<Result<Durability>> Writer::wait_for_members(AckRule rule, storage::Position position) {
  const bool hopeless = rule.degrade && peers_->live_count() < rule.needed;
  const auto limit = hopeless ? std::chrono::milliseconds(0) : rule.limit;
  const auto confirmed = co_await peers_->wait_durable(position, rule.needed, limit);
  if (confirmed) co_return Durability::acknowledged;
  if (rule.degrade) co_return Durability::degraded;
  unknown_commits.add();
  co_return fail(confirmed.error());
}

}  // namespace holdfast::region
