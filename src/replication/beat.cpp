#include "holdfast/replication/beat.h"

#include "holdfast/base/record_numbers.h"
#include "message_fields.h"

namespace holdfast::replication {
namespace {

constexpr std::size_t max_slots = 64;
constexpr std::size_t max_audit_heads = 64;
enum BeatField : std::uint32_t {
  beat_number = 1,
  beat_clock = 2,
  beat_role = 3,
  beat_fence_reason = 4,
  beat_reign = 5,
  beat_incarnation = 6,
  beat_highest_reign = 7,
  beat_applied = 8,
  beat_durable = 9,
  beat_acknowledged = 10,
  beat_lag_us = 11,
  beat_lag_bytes = 12,
  beat_blobs_missing = 13,
  beat_slot = 14,
  beat_override = 15,
  beat_audit_head = 16,
};
enum SlotField : std::uint32_t { slot_node = 1, slot_state = 2, slot_durable = 3 };

Bytes encode_slot(const Beat::Slot& slot) {
  FieldWriter writer;
  writer.text(slot_node, slot.node.str()).number(slot_state, static_cast<std::uint64_t>(slot.state));
  fields::put_position(writer, slot_durable, slot.durable);
  return writer.take();
}

Result<Beat::Slot> decode_slot(BytesView bytes) {
  TRY(const auto reader, FieldReader::parse(bytes));
  Beat::Slot slot{.node = RegionName(reader.text(slot_node))};
  const auto state = reader.number(slot_state);
  slot.state = state >= 1 && state <= 3 ? static_cast<region::SlotState>(state) : region::SlotState::lost;
  TRY(slot.durable, fields::position(reader, slot_durable));
  return slot;
}

}  // namespace

Bytes Beat::encode() const {
  FieldWriter writer;
  writer.number(beat_number, number)
      .signed_number(beat_clock, to_micros(clock))
      .number(beat_role, static_cast<std::uint64_t>(role))
      .number(beat_fence_reason, static_cast<std::uint64_t>(fence_reason))
      .number(beat_reign, term.reign)
      .number(beat_incarnation, term.incarnation)
      .number(beat_highest_reign, highest_reign);
  fields::put_head(writer, beat_applied, applied);
  fields::put_position(writer, beat_durable, durable);
  fields::put_position(writer, beat_acknowledged, acknowledged);
  writer.signed_number(beat_lag_us, lag.count())
      .number(beat_lag_bytes, lag_bytes)
      .number(beat_blobs_missing, blobs_missing);
  for (const auto& slot : slots) writer.text(beat_slot, encode_slot(slot));
  std::size_t sent = 0;
  for (const auto& value : overrides) {
    if (sent++ < max_overrides_in_beat) writer.text(beat_override, value.encode());
  }
  for (const auto& head : audit_heads) writer.text(beat_audit_head, head);
  return writer.take();
}

Result<Beat> Beat::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  Beat beat;
  beat.number = reader.number(beat_number);
  beat.clock = from_micros(reader.signed_number(beat_clock));
  beat.role = fields::role(reader, beat_role);
  const auto reason = reader.number(beat_fence_reason);
  beat.fence_reason = reason <= 6 ? static_cast<region::FenceReason>(reason) : region::FenceReason::none;
  TRY(beat.term.reign, number_of<std::uint32_t>(reader, "BEAT", beat_reign));
  TRY(beat.term.incarnation, number_of<std::uint32_t>(reader, "BEAT", beat_incarnation));
  TRY(beat.highest_reign, number_of<std::uint32_t>(reader, "BEAT", beat_highest_reign));
  TRY(beat.applied, fields::head(reader, beat_applied));
  TRY(beat.durable, fields::position(reader, beat_durable));
  TRY(beat.acknowledged, fields::position(reader, beat_acknowledged));
  beat.lag = std::chrono::microseconds(reader.signed_number(beat_lag_us));
  beat.lag_bytes = reader.number(beat_lag_bytes);
  beat.blobs_missing = reader.number(beat_blobs_missing);
  TRY_VOID(fields::each(reader, beat_slot, max_slots, [&](BytesView bytes) -> Result<> {
    TRY(auto slot, decode_slot(bytes));
    beat.slots.push_back(std::move(slot));
    return {};
  }));
  TRY_VOID(fields::each(reader, beat_override, max_overrides_in_beat, [&](BytesView bytes) -> Result<> {
    TRY(auto value, region::Override::decode(bytes));
    beat.overrides.push_back(std::move(value));
    return {};
  }));
  TRY_VOID(fields::each(reader, beat_audit_head, max_audit_heads, [&](BytesView bytes) -> Result<> {
    beat.audit_heads.emplace_back(bytes);
    return {};
  }));
  return beat;
}

}  // namespace holdfast::replication
