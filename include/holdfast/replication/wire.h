#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "holdfast/base/bytes.h"
#include "holdfast/base/codec.h"
#include "holdfast/base/result.h"
#include "holdfast/storage/position.h"

namespace holdfast::replication {

/// The protocol versions that this build speaks. Peers speak the lower of the two newest ones; secondaries
/// upgrade first.
inline constexpr std::uint16_t protocol_min = 1;
inline constexpr std::uint16_t protocol_max = 1;

/// Frame on the wire: u32 length (of all that follows) ‖ u8 type ‖ payload. docs/formats/wire.md. Numbers are
/// final.
enum class MessageType : std::uint8_t {
  hello = 1,
  welcome = 2,
  commit = 3,
  ack = 4,
  beat = 5,
  flow = 6,
  mark = 7,
  digests = 8,
  verified = 9,
  facts = 10,
  facts_done = 11,
  bye = 12,
  snapshot_get = 20,
  snapshot_chunk = 21,
  blob_want = 30,
  blob_have = 31,
  blob_fetch = 32,
  blob_data = 33,
  join = 40,
  joined = 41,
  promise = 50,
  promised = 51,
};

std::string_view to_string(MessageType type);

inline constexpr std::size_t frame_header_bytes = 5;

/// The largest payload of a type; a longer frame closes the connection before a byte of it is buffered.
/// Bounds nest: transaction (1 MiB) < merged batch < commit frame. Unknown types: nothing.
std::optional<std::size_t> max_payload(MessageType type);

/// Prefixes a payload with length and type.
Bytes encode_frame(MessageType type, BytesView payload);

struct FrameHeader {
  MessageType type;
  std::size_t payload_bytes = 0;
};
/// Reads the five header bytes of a peer; `corrupt` for unknown types and lengths over the type's bound.
Result<FrameHeader> decode_frame_header(BytesView header);

/// Why a peer is turned away; stable numbers, sent in WELCOME and BYE.
enum class RejectCode : std::uint8_t {
  none = 0,
  protocol = 1,         ///< no common protocol version
  cluster = 2,          ///< another cluster
  family_map = 3,       ///< another numbering of the column families
  unknown_peer = 4,     ///< its key is in no active row of the node table
  name_mismatch = 5,    ///< its key belongs to another name
  second_session = 6,   ///< a live session of this node id exists
  unverified_term = 7,  ///< a term record that does not verify, or a chain that does not link
  bad_token = 8,        ///< joining: unknown, used or expired token, or a wrong MAC
  overloaded = 9,       ///< too many sessions
  malformed = 10,       ///< not what the protocol allows here
  stale_term = 11,      ///< below a reign that this member has promised
  shutting_down = 12,
  silent = 13,       ///< nothing heard for 5 s
  not_primary = 14,  ///< only a primary answers this
  internal = 15,
};
std::string_view to_string(RejectCode code);

// Shared pieces of the messages.
void write_position(ByteWriter& writer, const storage::Position& position);  // 24 bytes
storage::Position read_position(ByteReader& reader);
void write_head(ByteWriter& writer, const storage::Head& head);  // 56 bytes
storage::Head read_head(ByteReader& reader);
Bytes encode_position(const storage::Position& position);
Result<storage::Position> decode_position(BytesView bytes);
Bytes encode_head(const storage::Head& head);
Result<storage::Head> decode_head(BytesView bytes);

}  // namespace holdfast::replication
