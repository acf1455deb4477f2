#include "message_fields.h"

#include "holdfast/replication/hello.h"

namespace holdfast::replication::fields {

Result<storage::Head> head(const FieldReader& reader, std::uint32_t number) {
  const auto bytes = reader.find(number);
  return bytes ? decode_head(*bytes) : storage::Head{};
}

Result<storage::Position> position(const FieldReader& reader, std::uint32_t number) {
  const auto bytes = reader.find(number);
  return bytes ? decode_position(*bytes) : storage::Position{};
}

void put_terms(FieldWriter& writer, std::uint32_t number, const std::vector<region::TermRecord>& terms) {
  for (const auto& record : terms) writer.text(number, record.encode());
}

Result<std::vector<region::TermRecord>> terms(const FieldReader& reader, std::uint32_t number) {
  std::vector<region::TermRecord> records;
  TRY_VOID(each(reader, number, max_terms_in_handshake, [&](BytesView bytes) -> Result<> {
    TRY(auto record, region::TermRecord::decode(bytes));
    records.push_back(std::move(record));
    return {};
  }));
  return records;
}

region::Role role(const FieldReader& reader, std::uint32_t number) {
  switch (reader.number(number)) {
    case 1:
      return region::Role::primary;
    case 2:
      return region::Role::secondary;
    default:
      return region::Role::fenced;
  }
}

}  // namespace holdfast::replication::fields
