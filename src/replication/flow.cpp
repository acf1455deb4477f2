#include "holdfast/replication/flow.h"

#include "holdfast/base/record_numbers.h"
#include "message_fields.h"

namespace holdfast::replication {
namespace {

enum AckField : std::uint32_t { ack_durable = 1 };
enum FlowField : std::uint32_t { flow_granted = 1 };
enum ByeField : std::uint32_t { bye_code = 1, bye_message = 2 };

}  // namespace

Bytes Ack::encode() const {
  FieldWriter writer;
  fields::put_position(writer, ack_durable, durable);
  return writer.take();
}

Result<Ack> Ack::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  Ack ack;
  TRY(ack.durable, fields::position(reader, ack_durable));
  return ack;
}

Bytes Flow::encode() const { return FieldWriter().number(flow_granted, granted_bytes).take(); }

Result<Flow> Flow::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  return Flow{.granted_bytes = reader.number(flow_granted)};
}

Bytes Bye::encode() const {
  return FieldWriter().number(bye_code, static_cast<std::uint64_t>(code)).text(bye_message, message).take();
}

Result<Bye> Bye::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  TRY(const auto code, number_of<std::uint8_t>(reader, "BYE", bye_code));
  return Bye{.code = static_cast<RejectCode>(code), .message = reader.text(bye_message)};
}

}  // namespace holdfast::replication
