#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/region/role.h"
#include "holdfast/region/term_record.h"
#include "holdfast/replication/wire.h"

namespace holdfast::replication {

/// What a connection is for; each purpose has its own connection, so that a large object never delays a
/// password change.
enum class Purpose : std::uint8_t {
  stream = 1,  ///< log, snapshot, beats
  blobs = 2,   ///< object bytes, in either direction
};

/// At most this many of the newest term records travel in a handshake; who is further behind gets a snapshot.
inline constexpr std::size_t max_terms_in_handshake = 512;

/// The first message of every connection, from the side that dialled.
struct Hello {
  std::uint16_t protocol_low = protocol_min;
  std::uint16_t protocol_high = protocol_max;
  ClusterId cluster;
  RegionName node;
  std::string node_id;
  Purpose purpose = Purpose::stream;
  Bytes family_map_hash;  ///< storage::family_map_hash()
  std::string
      rocksdb_version;  ///< shown and logged; batches are checked, so a difference is no reason to refuse
  std::string build;    ///< `holdfast version`, for the operator
  region::Role role = region::Role::fenced;
  std::vector<region::TermRecord> terms;  ///< the newest ones, ascending
  storage::Head applied;                  ///< index 0: an empty store
  storage::Position durable;
  std::uint32_t highest_reign = 0;  ///< ever seen or promised
  std::string snapshot;             ///< id of a half-received snapshot, to go on with
  bool wants_stream = true;         ///< false: a fenced or primary region that only exchanges beats
  WallTime clock;

  [[nodiscard]] Bytes encode() const;
  static Result<Hello> decode(BytesView payload);
};

}  // namespace holdfast::replication
