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

}  // namespace

async::Task<Result<CommitReceipt>> Writer::commit(storage::Transaction transaction, AckClass ack_class) {
  if (!state_->may_write()) co_return fail(state_->refusal());
  const std::string request_id = transaction.request_id();
  auto committed = co_await committer_->commit(std::move(transaction));
  if (!committed) {
    if (committed.error().kind == ErrorKind::outcome_unknown) unknown_commits.add();
    // Fenced between the question above and the commit thread's gate: answer as every refused write does.
    if (committed.error().kind == ErrorKind::read_only) co_return fail(state_->refusal());
    co_return fail(std::move(committed).error());
  }
  CommitReceipt receipt{.head = *committed, .position = storage::position_of(*committed)};
  const auto rule = settings_->rule_for(ack_class);
  if (!rule || rule->needed == 0) co_return receipt;

  const auto confirmed = co_await peers_->wait_durable(receipt.position, rule->needed, rule->limit);
  if (confirmed) {
    receipt.durability = Durability::acknowledged;
    co_return receipt;
  }
  if (rule->degrade) {
    degraded_commits.add();
    log::warn(log::For{request_id}, "a write was acknowledged without its secondaries",
              {{"class", to_string(ack_class)}});
    receipt.durability = Durability::degraded;
    co_return receipt;
  }
  unknown_commits.add();
  co_return fail(confirmed.error());
}

}  // namespace holdfast::region
