#include "holdfast/region/fact.h"

#include "holdfast/base/codec.h"

namespace holdfast::region {
namespace {

enum FactField : std::uint32_t {
  field_name = 1,
  field_id = 2,
  field_payload = 3,
  field_origin = 4,
  field_at = 5
};
enum OverrideField : std::uint32_t { field_kind = 1, field_key = 2, field_value = 3 };

}  // namespace

Bytes Fact::encode() const {
  return FieldWriter()
      .text(field_name, name)
      .text(field_id, id)
      .text(field_payload, payload)
      .text(field_origin, origin.str())
      .signed_number(field_at, to_micros(at))
      .take();
}

Result<Fact> Fact::decode(BytesView bytes) {
  TRY(const auto fields, FieldReader::parse(bytes));
  Fact fact{.name = fields.text(field_name),
            .id = fields.text(field_id),
            .payload = fields.text(field_payload),
            .origin = RegionName(fields.text(field_origin)),
            .at = from_micros(fields.signed_number(field_at))};
  if (fact.id.size() != id_bytes || fact.name.empty()) {
    return fail(ErrorKind::corrupt, "corrupt", "stored or received data is damaged",
                "fact without id or name");
  }
  return fact;
}

Bytes Override::encode() const {
  return FieldWriter().text(field_kind, kind).text(field_key, key).text(field_value, value).take();
}

Result<Override> Override::decode(BytesView bytes) {
  TRY(const auto fields, FieldReader::parse(bytes));
  Override decoded{
      .kind = fields.text(field_kind), .key = fields.text(field_key), .value = fields.text(field_value)};
  if (decoded.kind.empty() || decoded.key.empty()) {
    return fail(ErrorKind::corrupt, "corrupt", "stored or received data is damaged",
                "override without kind or key");
  }
  return decoded;
}

}  // namespace holdfast::region
