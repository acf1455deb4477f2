#include "holdfast/storage/audit_event.h"

#include "holdfast/base/codec.h"
#include "holdfast/storage/reader.h"

namespace holdfast::storage {
namespace {

// Field numbers of docs/formats/records.md; never reused.
enum AuditField : std::uint8_t {
  audit_time = 1,
  audit_kind = 2,
  audit_actor_kind = 3,
  audit_actor = 4,
  audit_target_kind = 5,
  audit_target = 6,
  audit_region = 7,
  audit_request = 8,
  audit_detail = 9,  // repeated: bytes name ‖ bytes value
};

}  // namespace

Bytes AuditEvent::encode() const {
  FieldWriter writer;
  writer.signed_number(audit_time, to_micros(time))
      .text(audit_kind, kind)
      .text(audit_actor_kind, actor_kind)
      .text(audit_actor, actor)
      .text(audit_target_kind, target_kind)
      .text(audit_target, target)
      .text(audit_region, region)
      .text(audit_request, request_id);
  for (const auto& [name, value] : details)
    writer.text(audit_detail, ByteWriter().bytes(name).bytes(value).view());
  return writer.take();
}

Result<AuditEvent> AuditEvent::decode(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  AuditEvent event{.time = from_micros(fields.signed_number(audit_time)),
                   .kind = fields.text(audit_kind),
                   .actor_kind = fields.text(audit_actor_kind),
                   .actor = fields.text(audit_actor),
                   .target_kind = fields.text(audit_target_kind),
                   .target = fields.text(audit_target),
                   .region = fields.text(audit_region),
                   .request_id = fields.text(audit_request),
                   .details = {}};
  Result<> damage;
  fields.all(audit_detail, [&](BytesView detail) {
    ByteReader reader(detail);
    const auto name = reader.bytes();
    event.details[std::string(name)] = reader.bytes();
    if (auto finished = reader.finish("audit detail"); !finished) damage = std::move(finished);
  });
  TRY_VOID(damage);
  return event;
}

Result<> scan_audit(const Reader& reader, WallTime from, WallTime until, BytesView after, std::size_t limit,
                    const std::function<void(BytesView key, AuditEvent event)>& visit) {
  // A key is longer than the time alone, so the bare time stands before every event of that time.
  const Bytes start = KeyWriter().u64(static_cast<std::uint64_t>(to_micros(from))).take();
  const BytesView behind = after.empty() ? BytesView(start) : after;
  Result<> damage;
  TRY_VOID(reader.scan(audit_table, {}, behind, limit, [&](BytesView key, const Stored& stored) {
    if (KeyReader(key).u64() >= static_cast<std::uint64_t>(to_micros(until))) return false;
    auto event = AuditEvent::decode(stored.plain);
    if (!event) {
      damage = fail(std::move(event).error());
      return false;
    }
    visit(key, *std::move(event));
    return true;
  }));
  return damage;
}

}  // namespace holdfast::storage
