#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/clock.h"
#include "holdfast/base/result.h"
#include "holdfast/replication/snapshot_messages.h"
#include "holdfast/storage/checkpointer.h"

namespace holdfast::replication {

/// Which bytes of a snapshot to ask for, in order, a bounded number of requests ahead. Pure. The receiver's
/// disk says where to begin (resume), the manifest where to end.
class SnapshotPull {
 public:
  SnapshotPull(std::string id, storage::CheckpointManifest manifest);

  /// Begins at this file and offset (from the staging directory); nothing: everything is here.
  Result<> begin_at(const std::optional<storage::StagedCheckpoint::Want>& want);
  /// Requests to send now.
  [[nodiscard]] std::vector<SnapshotGet> take_requests();
  /// Whether this is the chunk that was asked for next, with the size that was asked for.
  Result<> accept(const SnapshotChunk& chunk);
  [[nodiscard]] bool complete() const { return waiting_.empty() && file_ == manifest_.files.size(); }

 private:
  void skip_complete_files();

  std::string id_;
  storage::CheckpointManifest manifest_;
  std::size_t file_ = 0;
  std::uint64_t offset_ = 0;
  std::deque<SnapshotGet> waiting_;
};

}  // namespace holdfast::replication
