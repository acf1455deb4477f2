#include "holdfast/replication/wire.h"

#include <algorithm>

#include "holdfast/replication/commit_frame.h"

namespace holdfast::replication {
namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t small_payload = 16 * kib;
constexpr std::size_t handshake_payload = 512 * kib;
constexpr std::size_t beat_payload = 512 * kib;
constexpr std::size_t bulk_payload = 1024 * kib;
// One sealed chunk, its header and the message's own fields.
constexpr std::size_t blob_payload = 1024 * kib + 4 * kib;
constexpr std::size_t facts_payload = 1024 * kib;

template <std::size_t size>
void read_array(ByteReader& reader, std::array<char, size>& into) {
  const auto bytes = reader.raw(size);
  if (bytes.size() == size) std::ranges::copy(bytes, into.begin());
}

template <std::size_t size>
BytesView view_of(const std::array<char, size>& bytes) {
  return {bytes.data(), bytes.size()};
}

}  // namespace

std::string_view to_string(MessageType type) {
  switch (type) {
    case MessageType::hello:
      return "HELLO";
    case MessageType::welcome:
      return "WELCOME";
    case MessageType::commit:
      return "COMMIT";
    case MessageType::ack:
      return "ACK";
    case MessageType::beat:
      return "BEAT";
    case MessageType::flow:
      return "FLOW";
    case MessageType::mark:
      return "MARK";
    case MessageType::digests:
      return "DIGESTS";
    case MessageType::verified:
      return "VERIFIED";
    case MessageType::facts:
      return "FACTS";
    case MessageType::facts_done:
      return "FACTS_DONE";
    case MessageType::bye:
      return "BYE";
    case MessageType::snapshot_get:
      return "SNAPSHOT_GET";
    case MessageType::snapshot_chunk:
      return "SNAPSHOT_CHUNK";
    case MessageType::blob_want:
      return "BLOB_WANT";
    case MessageType::blob_have:
      return "BLOB_HAVE";
    case MessageType::blob_fetch:
      return "BLOB_FETCH";
    case MessageType::blob_data:
      return "BLOB_DATA";
    case MessageType::join:
      return "JOIN";
    case MessageType::joined:
      return "JOINED";
    case MessageType::promise:
      return "PROMISE";
    case MessageType::promised:
      return "PROMISED";
  }
  return "unknown";
}

std::optional<std::size_t> max_payload(MessageType type) {
  switch (type) {
    case MessageType::hello:
      return handshake_payload;
    // A snapshot's manifest names every file of the store: 100 bytes each, some ten thousand at 600 GB.
    case MessageType::welcome:
      return 2 * bulk_payload;
    case MessageType::commit:
      return max_commit_body_bytes + commit_header_bytes;
    case MessageType::beat:
      return beat_payload;
    case MessageType::digests:
    case MessageType::verified:
      return bulk_payload;
    case MessageType::facts:
      return facts_payload;
    case MessageType::snapshot_chunk:
      return bulk_payload;
    case MessageType::blob_data:
      return blob_payload;
    case MessageType::joined:
      return handshake_payload;
    case MessageType::ack:
    case MessageType::flow:
    case MessageType::mark:
    case MessageType::facts_done:
    case MessageType::bye:
    case MessageType::snapshot_get:
    case MessageType::blob_want:
    case MessageType::blob_have:
    case MessageType::blob_fetch:
    case MessageType::join:
    case MessageType::promise:
    case MessageType::promised:
      return small_payload;
  }
  return std::nullopt;
}

Bytes encode_frame(MessageType type, BytesView payload) {
  ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(payload.size() + 1)).u8(static_cast<std::uint8_t>(type)).raw(payload);
  return writer.take();
}

Result<FrameHeader> decode_frame_header(BytesView header) {
  ByteReader reader(header);
  const auto length = reader.u32();
  const auto type = static_cast<MessageType>(reader.u8());
  TRY_VOID(reader.finish("frame header"));
  const auto bound = max_payload(type);
  if (!bound || length == 0 || length - 1 > *bound) {
    return fail(ErrorKind::corrupt, "malformed_frame", "a peer sent a frame that the protocol does not know",
                "type " + std::to_string(static_cast<unsigned>(type)) + ", length " + std::to_string(length));
  }
  return FrameHeader{.type = type, .payload_bytes = length - 1};
}

std::string_view to_string(RejectCode code) {
  switch (code) {
    case RejectCode::none:
      return "none";
    case RejectCode::protocol:
      return "no common protocol version";
    case RejectCode::cluster:
      return "another cluster";
    case RejectCode::family_map:
      return "another map of column families";
    case RejectCode::unknown_peer:
      return "unknown peer";
    case RejectCode::name_mismatch:
      return "the key belongs to another region";
    case RejectCode::second_session:
      return "this region has a live session already";
    case RejectCode::unverified_term:
      return "a term record does not verify";
    case RejectCode::bad_token:
      return "the join token is not valid";
    case RejectCode::overloaded:
      return "too many sessions";
    case RejectCode::malformed:
      return "not what the protocol allows here";
    case RejectCode::stale_term:
      return "below a promised reign";
    case RejectCode::shutting_down:
      return "shutting down";
    case RejectCode::silent:
      return "nothing heard for too long";
    case RejectCode::not_primary:
      return "not the primary";
    case RejectCode::internal:
      return "internal error";
  }
  return "unknown";
}

void write_position(ByteWriter& writer, const storage::Position& position) {
  writer.u32(position.term.reign)
      .u32(position.term.incarnation)
      .u64(position.index)
      .raw(view_of(position.hash_prefix));
}

storage::Position read_position(ByteReader& reader) {
  storage::Position position;
  position.term.reign = reader.u32();
  position.term.incarnation = reader.u32();
  position.index = reader.u64();
  read_array(reader, position.hash_prefix);
  return position;
}

void write_head(ByteWriter& writer, const storage::Head& head) {
  writer.u32(head.term.reign)
      .u32(head.term.incarnation)
      .u64(head.index)
      .i64(to_micros(head.committed_at))
      .raw(view_of(head.hash));
}

storage::Head read_head(ByteReader& reader) {
  storage::Head head;
  head.term.reign = reader.u32();
  head.term.incarnation = reader.u32();
  head.index = reader.u64();
  head.committed_at = from_micros(reader.i64());
  read_array(reader, head.hash);
  return head;
}

Bytes encode_position(const storage::Position& position) {
  ByteWriter writer;
  write_position(writer, position);
  return writer.take();
}

Result<storage::Position> decode_position(BytesView bytes) {
  ByteReader reader(bytes);
  const auto position = read_position(reader);
  TRY_VOID(reader.finish("position"));
  return position;
}

Bytes encode_head(const storage::Head& head) {
  ByteWriter writer;
  write_head(writer, head);
  return writer.take();
}

Result<storage::Head> decode_head(BytesView bytes) {
  ByteReader reader(bytes);
  const auto head = read_head(reader);
  TRY_VOID(reader.finish("head"));
  return head;
}

}  // namespace holdfast::replication
