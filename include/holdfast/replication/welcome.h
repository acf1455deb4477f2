#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/region/role.h"
#include "holdfast/region/term_record.h"
#include "holdfast/replication/wire.h"
#include "holdfast/storage/checkpointer.h"

namespace holdfast::replication {

/// The answer to HELLO.
struct Welcome {
  enum class Kind : std::uint8_t {
    stream = 1,    ///< COMMIT frames follow from `from_index`
    snapshot = 2,  ///< the dialler's position is not in the log any more, or not in this history
    fenced = 3,    ///< the dialler calls itself primary, but `terms` shows a term that outranks its own
    reject = 4,
    peer = 5,   ///< beats only: this region is not the dialler's primary (or the dialler wants no stream)
    blobs = 6,  ///< the connection is for object bytes
  };
  enum class SnapshotReason : std::uint8_t { none = 0, empty = 1, log_gone = 2, forked = 3, slot_lost = 4 };

  Kind kind = Kind::reject;
  std::uint16_t protocol = protocol_max;
  RegionName node;
  region::Role role = region::Role::fenced;
  std::vector<region::TermRecord> terms;  ///< the newest ones, ascending
  storage::Head head;                     ///< durable here
  std::uint32_t highest_reign = 0;
  WallTime clock;
  // stream
  std::uint64_t from_index = 0;
  // snapshot
  SnapshotReason snapshot_reason = SnapshotReason::none;
  std::string snapshot_id;
  Bytes manifest;  ///< storage::CheckpointManifest::encode()
  /// The last batch that both histories share, where the reason is `forked` and the terms tell; index 0:
  /// unknown.
  storage::Position fork;
  // reject
  RejectCode code = RejectCode::none;
  std::string message;  ///< one line for the operator, no secrets

  [[nodiscard]] Bytes encode() const;
  static Result<Welcome> decode(BytesView payload);
};

std::string_view to_string(Welcome::Kind kind);
std::string_view to_string(Welcome::SnapshotReason reason);

}  // namespace holdfast::replication
