#include "holdfast/replication/welcome.h"

#include "holdfast/base/record_numbers.h"
#include "message_fields.h"

namespace holdfast::replication {
namespace {

enum WelcomeField : std::uint32_t {
  welcome_kind = 1,
  welcome_protocol = 2,
  welcome_node = 3,
  welcome_role = 4,
  welcome_term = 5,
  welcome_head = 6,
  welcome_highest_reign = 7,
  welcome_clock = 8,
  welcome_from_index = 9,
  welcome_snapshot_reason = 10,
  welcome_snapshot_id = 11,
  welcome_manifest = 12,
  welcome_fork = 13,
  welcome_code = 14,
  welcome_message = 15,
};

}  // namespace

std::string_view to_string(Welcome::Kind kind) {
  switch (kind) {
    case Welcome::Kind::stream:
      return "stream";
    case Welcome::Kind::snapshot:
      return "snapshot";
    case Welcome::Kind::fenced:
      return "fenced";
    case Welcome::Kind::reject:
      return "reject";
    case Welcome::Kind::peer:
      return "peer";
    case Welcome::Kind::blobs:
      return "blobs";
  }
  return "reject";
}

std::string_view to_string(Welcome::SnapshotReason reason) {
  switch (reason) {
    case Welcome::SnapshotReason::none:
      return "none";
    case Welcome::SnapshotReason::empty:
      return "the store is empty";
    case Welcome::SnapshotReason::log_gone:
      return "the log it needs is gone";
    case Welcome::SnapshotReason::forked:
      return "its last batches are not in this history";
    case Welcome::SnapshotReason::slot_lost:
      return "its slot was lost at the cap";
  }
  return "none";
}

Bytes Welcome::encode() const {
  FieldWriter writer;
  writer.number(welcome_kind, static_cast<std::uint64_t>(kind))
      .number(welcome_protocol, protocol)
      .text(welcome_node, node.str())
      .number(welcome_role, static_cast<std::uint64_t>(role));
  fields::put_terms(writer, welcome_term, terms);
  fields::put_head(writer, welcome_head, head);
  writer.number(welcome_highest_reign, highest_reign).signed_number(welcome_clock, to_micros(clock));
  if (kind == Kind::stream) writer.number(welcome_from_index, from_index);
  if (kind == Kind::snapshot) {
    writer.number(welcome_snapshot_reason, static_cast<std::uint64_t>(snapshot_reason))
        .text(welcome_snapshot_id, snapshot_id)
        .text(welcome_manifest, manifest);
    fields::put_position(writer, welcome_fork, fork);
  }
  if (code != RejectCode::none) writer.number(welcome_code, static_cast<std::uint64_t>(code));
  if (!message.empty()) writer.text(welcome_message, message);
  return writer.take();
}

Result<Welcome> Welcome::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  Welcome welcome;
  TRY(welcome.kind, enumerator_of(reader, "WELCOME", welcome_kind, Kind::blobs, Kind{}));
  TRY(welcome.protocol, number_of<std::uint16_t>(reader, "WELCOME", welcome_protocol));
  welcome.node = RegionName(reader.text(welcome_node));
  welcome.role = fields::role(reader, welcome_role);
  TRY(welcome.terms, fields::terms(reader, welcome_term));
  TRY(welcome.head, fields::head(reader, welcome_head));
  TRY(welcome.highest_reign, number_of<std::uint32_t>(reader, "WELCOME", welcome_highest_reign));
  welcome.clock = from_micros(reader.signed_number(welcome_clock));
  welcome.from_index = reader.number(welcome_from_index);
  TRY(const auto reason, number_up_to<std::uint8_t>(reader, "WELCOME", welcome_snapshot_reason, 4));
  welcome.snapshot_reason = static_cast<SnapshotReason>(reason);
  welcome.snapshot_id = reader.text(welcome_snapshot_id);
  welcome.manifest = reader.text(welcome_manifest);
  TRY(welcome.fork, fields::position(reader, welcome_fork));
  TRY(const auto code, number_of<std::uint8_t>(reader, "WELCOME", welcome_code));
  welcome.code = static_cast<RejectCode>(code);
  welcome.message = reader.text(welcome_message);
  return welcome;
}

}  // namespace holdfast::replication
