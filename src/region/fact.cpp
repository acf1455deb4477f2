#include "holdfast/region/fact.h"

#include "holdfast/base/codec.h"
#include "holdfast/base/damaged.h"

namespace holdfast::region {
namespace {

enum FactField : std::uint32_t { fact_name = 1, fact_id = 2, fact_payload = 3, fact_origin = 4, fact_at = 5 };
enum OverrideField : std::uint32_t {
  override_kind = 1,
  override_key = 2,
  override_value = 3,
  override_from = 4,
};

}  // namespace

Bytes Fact::encode() const {
  return FieldWriter()
      .text(fact_name, name)
      .text(fact_id, id)
      .text(fact_payload, payload)
      .text(fact_origin, origin.str())
      .signed_number(fact_at, to_micros(at))
      .take();
}

Result<Fact> Fact::decode(BytesView bytes) {
  TRY(const auto fields, FieldReader::parse(bytes));
  Fact fact{.name = fields.text(fact_name),
            .id = fields.text(fact_id),
            .payload = fields.text(fact_payload),
            .origin = RegionName(fields.text(fact_origin)),
            .at = from_micros(fields.signed_number(fact_at))};
  if (fact.id.size() != id_bytes || fact.name.empty()) {
    return damaged("fact without id or name");
  }
  return fact;
}

Bytes Override::encode() const {
  FieldWriter writer;
  writer.text(override_kind, kind).text(override_key, key).text(override_value, value);
  if (!from.empty()) writer.text(override_from, from.str());
  return writer.take();
}

Result<Override> Override::decode(BytesView bytes) {
  TRY(const auto fields, FieldReader::parse(bytes));
  Override decoded{.kind = fields.text(override_kind),
                   .key = fields.text(override_key),
                   .value = fields.text(override_value),
                   .from = RegionName(fields.text(override_from))};
  if (decoded.kind.empty() || decoded.key.empty()) {
    return damaged("override without kind or key");
  }
  return decoded;
}

}  // namespace holdfast::region
