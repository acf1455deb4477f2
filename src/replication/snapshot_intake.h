#pragma once

#include <optional>
#include <string>

#include "actions.h"
#include "context.h"
#include "holdfast/storage/checkpointer.h"

namespace holdfast::replication {

/// Receives one snapshot into the staging directory and installs it. Blocking; one thread at a time (its
/// session's lane). A fork keeps the old generation in quarantine until the operator drops it; otherwise the
/// old one goes away.
class SnapshotIntake {
 public:
  SnapshotIntake(Context& context, RegionName from) : context_(&context), from_(std::move(from)) {}

  Result<std::optional<storage::StagedCheckpoint::Want>> begin(const BeginSnapshot& begin);
  Result<> add(const SnapshotChunk& chunk);
  /// Verifies everything, makes it the current generation, opens it in place of the old one.
  Result<> install();

  /// The id of a snapshot that was begun before, in this or an earlier process; empty: none.
  static std::string resumable(const storage::DataDirectory& data);

 private:
  void report();
  [[nodiscard]] Result<> verify();

  Context* context_;
  RegionName from_;
  std::optional<storage::StagedCheckpoint> staged_;
  BeginSnapshot begun_;
  SteadyTime begun_at_;
  std::uint64_t received_before_ = 0;
};

}  // namespace holdfast::replication
