#include "holdfast/replication/verify_messages.h"

#include "holdfast/base/record_numbers.h"
#include "message_fields.h"

namespace holdfast::replication {
namespace {

constexpr std::size_t max_ranges_in_message = 4096;
constexpr std::size_t ranges_sent_in_message = 2048;
enum MarkField : std::uint32_t { mark_id = 1, mark_at = 2 };
enum RangeField : std::uint32_t {
  range_family = 1,
  range_begin = 2,
  range_end = 3,
  range_rows = 4,
  range_sha256 = 5
};
enum DigestsField : std::uint32_t { digests_mark = 1, digests_range = 2, digests_last = 3 };
enum VerifiedField : std::uint32_t {
  verified_mark = 1,
  verified_at = 2,
  verified_ranges = 3,
  verified_rows = 4,
  verified_mismatch = 5,
  verified_error = 6,
};

Bytes encode_range(const RangeDigest& range) {
  return FieldWriter()
      .number(range_family, range.family)
      .text(range_begin, range.begin)
      .text(range_end, range.end)
      .number(range_rows, range.rows)
      .text(range_sha256, range.sha256)
      .take();
}

Result<RangeDigest> decode_range(BytesView bytes) {
  TRY(const auto reader, FieldReader::parse(bytes));
  RangeDigest range;
  TRY(range.family,
      number_up_to<std::uint8_t>(reader, "verify range", range_family, storage::family_count - 1));
  range.begin = reader.text(range_begin);
  range.end = reader.text(range_end);
  range.rows = reader.number(range_rows);
  range.sha256 = reader.text(range_sha256);
  return range;
}

Result<std::vector<RangeDigest>> ranges_of(const FieldReader& reader, std::uint32_t number,
                                           std::size_t limit) {
  std::vector<RangeDigest> ranges;
  TRY_VOID(fields::each(reader, number, limit, [&](BytesView bytes) -> Result<> {
    TRY(auto range, decode_range(bytes));
    ranges.push_back(std::move(range));
    return {};
  }));
  return ranges;
}

}  // namespace

Bytes Mark::encode() const {
  FieldWriter writer;
  writer.number(mark_id, id);
  fields::put_position(writer, mark_at, at);
  return writer.take();
}

Result<Mark> Mark::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  Mark mark{.id = reader.number(mark_id)};
  TRY(mark.at, fields::position(reader, mark_at));
  return mark;
}

Bytes Digests::encode() const {
  FieldWriter writer;
  writer.number(digests_mark, mark);
  for (const auto& range : ranges) writer.text(digests_range, encode_range(range));
  writer.flag(digests_last, last);
  return writer.take();
}

Result<Digests> Digests::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  Digests digests{.mark = reader.number(digests_mark)};
  TRY(digests.ranges, ranges_of(reader, digests_range, max_ranges_in_message));
  digests.last = reader.flag(digests_last);
  return digests;
}

std::vector<Digests> digests_in_messages(std::uint64_t mark, const std::vector<RangeDigest>& ranges) {
  std::vector<Digests> messages(1, Digests{.mark = mark, .ranges = {}});
  std::size_t text_bytes = 0;
  for (const auto& range : ranges) {
    auto* message = &messages.back();
    const bool is_full = message->ranges.size() == ranges_sent_in_message ||
                         text_bytes + range.text_bytes() > max_range_text_in_message;
    if (is_full && !message->ranges.empty()) {
      message = &messages.emplace_back(Digests{.mark = mark, .ranges = {}});
      text_bytes = 0;
    }
    text_bytes += range.text_bytes();
    message->ranges.push_back(range);
  }
  messages.back().last = true;
  return messages;
}

Bytes Verified::encode() const {
  FieldWriter writer;
  writer.number(verified_mark, mark);
  fields::put_position(writer, verified_at, at);
  writer.number(verified_ranges, ranges).number(verified_rows, rows);
  for (const auto& range : mismatches) writer.text(verified_mismatch, encode_range(range));
  if (!error.empty()) writer.text(verified_error, error);
  return writer.take();
}

Result<Verified> Verified::decode(BytesView payload) {
  TRY(const auto reader, FieldReader::parse(payload));
  Verified verified{.mark = reader.number(verified_mark)};
  TRY(verified.at, fields::position(reader, verified_at));
  verified.ranges = reader.number(verified_ranges);
  verified.rows = reader.number(verified_rows);
  TRY(verified.mismatches, ranges_of(reader, verified_mismatch, max_mismatches));
  verified.error = reader.text(verified_error);
  return verified;
}

}  // namespace holdfast::replication
