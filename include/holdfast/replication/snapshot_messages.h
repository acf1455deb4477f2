#pragma once

#include <cstdint>
#include <string>

#include "holdfast/replication/wire.h"

namespace holdfast::replication {

inline constexpr std::size_t snapshot_chunk_bytes = std::size_t{256} << 10U;

/// SNAPSHOT_GET: the receiver asks for bytes of one file of the manifest. Pulling makes resuming, flow
/// control and the rate cap one thing: an interrupted transfer goes on with the first (file, offset) that is
/// missing.
struct SnapshotGet {
  std::string id;
  std::string file;
  std::uint64_t offset = 0;
  std::uint32_t size = snapshot_chunk_bytes;
  bool done = false;  ///< everything is here and verified: the sender may drop the checkpoint
  [[nodiscard]] Bytes encode() const;
  static Result<SnapshotGet> decode(BytesView payload);
};

struct SnapshotChunk {
  std::string id;
  std::string file;
  std::uint64_t offset = 0;
  Bytes bytes;
  bool gone = false;  ///< the sender has this snapshot no more: dial again for a fresh one
  [[nodiscard]] Bytes encode() const;
  static Result<SnapshotChunk> decode(BytesView payload);
};

}  // namespace holdfast::replication
