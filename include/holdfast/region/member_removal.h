#pragma once

#include <functional>
#include <string>

#include "holdfast/async/task.h"
#include "holdfast/base/clock.h"
#include "holdfast/region/acknowledge.h"
#include "holdfast/region/members.h"
#include "holdfast/region/peer_table.h"
#include "holdfast/region/writer.h"
#include "holdfast/storage/core_db.h"

namespace holdfast::region {

/// What removing a member works on.
struct RemovalParts {
  storage::CoreDb& core;
  PeerTable& peers;
  const AcknowledgeSettings& acknowledge;
  Writer& writer;
  const Clock& clock;
};

struct RemovalRequest {
  RegionName name;
  /// Also one that is heard now: its sessions end at once.
  bool even_if_live = false;
  std::string operator_id;
  std::string request_id;
  /// What other rooms forget with it, in the same batch.
  std::function<Result<>(storage::Transaction&)> also;
};

/// Shuts a member out for good: nobody lets it connect, nothing waits for it any more, its log is no longer
/// kept. Its row stays, so that what it signed still verifies; its name may join again with a new key, unless
/// it was primary once. Waits for no acknowledgement but the `all` rule's, and is written also where that
/// cannot be met: the member that is removed may be the one that would give it.
///
/// Errors: `not_found`; conflict `state_unchanged` (removed already), `own_region`, `member_live`,
/// `acknowledge_needs_member` (a rule is configured that those who stay could not meet); read_only.
async::Task<Result<CommitReceipt>> remove_member(RemovalParts parts, RemovalRequest request);

}  // namespace holdfast::region
