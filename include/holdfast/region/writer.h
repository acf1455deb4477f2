#pragma once

#include <cstdint>

#include "holdfast/async/task.h"
#include "holdfast/base/result.h"
#include "holdfast/region/acknowledge.h"
#include "holdfast/region/peer_table.h"
#include "holdfast/region/region_state.h"
#include "holdfast/storage/committer.h"
#include "holdfast/storage/position.h"
#include "holdfast/storage/transaction.h"

namespace holdfast::region {

enum class Durability : std::uint8_t {
  primary_only,  ///< fsynced here; no rule asked for more
  acknowledged,  ///< and by as many members as the rule of its class asks for
  degraded,      ///< the rule was not met and allows to go on: the answer says `Holdfast-Durability: local`
};

/// What a successful commit gives back. `position` goes out as `Holdfast-Position`.
struct CommitReceipt {
  storage::Head head;
  storage::Position position;
  Durability durability = Durability::primary_only;
};

/// The only way a domain room writes replicated data: role check, Committer, wait for acknowledgements.
/// Thread-safe; resumes on the caller's executor. Lives as long as the process.
///
/// Errors: kind read_only, code `read_only_region` where this region may not write; the transaction's own
/// precondition errors; `storage_full`; `outcome_unknown` when the write may have happened (fenced meanwhile,
/// failed sync, acknowledgements timed out) and must never be reported as failed; unavailable
/// `too_few_regions` where the rule of its class asks for more members than are live: nothing was written.
class Writer {
 public:
  Writer(const RegionState& state, storage::Committer& committer, PeerTable& peers,
         const AcknowledgeSettings& settings)
      : state_(&state), committer_(&committer), peers_(&peers), settings_(&settings) {}

  /// Writes the transaction, or nothing of it. `transaction` is consumed in any case.
  async::Task<Result<CommitReceipt>> commit(storage::Transaction transaction,
                                            AckClass ack_class = AckClass::none);

  [[nodiscard]] bool may_write() const { return state_->may_write(); }
  [[nodiscard]] const RegionState& state() const { return *state_; }

 private:
  async::Task<Result<Durability>> wait_for_members(AckRule rule, storage::Position position);

  const RegionState* state_;
  storage::Committer* committer_;
  PeerTable* peers_;
  const AcknowledgeSettings* settings_;
};

}  // namespace holdfast::region
