#include "record_fields.h"
#include "records.h"

namespace holdfast::identity {
namespace {

enum OperatorField : std::uint32_t {
  operator_name = 1,
  operator_email = 2,
  operator_phone = 3,
  operator_enabled = 4,
  operator_created = 5,
};
enum AdminTokenField : std::uint32_t {
  admin_token_id = 1,
  admin_token_name = 2,
  admin_token_operator = 3,
  admin_token_scope = 4,
  admin_token_region = 5,
  admin_token_created = 6,
  admin_token_expires = 7,
};

}  // namespace

Bytes encode(const Operator& person) {
  return FieldWriter()
      .text(operator_name, person.name)
      .text(operator_email, person.email)
      .text(operator_phone, person.phone)
      .flag(operator_enabled, person.enabled)
      .signed_number(operator_created, to_micros(person.created_at))
      .take();
}

Result<Operator> decode_operator(std::string id, BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  return Operator{.id = std::move(id),
                  .name = fields.text(operator_name),
                  .email = fields.text(operator_email),
                  .phone = fields.text(operator_phone),
                  .enabled = fields.flag(operator_enabled),
                  .created_at = from_micros(fields.signed_number(operator_created))};
}

Bytes encode(const AdminToken& token) {
  FieldWriter fields;
  fields.text(admin_token_id, token.id)
      .text(admin_token_name, token.name)
      .text(admin_token_operator, token.operator_id);
  put_texts(fields, admin_token_scope, token.scopes);
  fields.text(admin_token_region, token.region.str())
      .signed_number(admin_token_created, to_micros(token.created_at))
      .signed_number(admin_token_expires, to_micros(token.expires_at));
  return fields.take();
}

Result<AdminToken> decode_admin_token(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  return AdminToken{.id = fields.text(admin_token_id),
                    .name = fields.text(admin_token_name),
                    .operator_id = fields.text(admin_token_operator),
                    .scopes = all_texts(fields, admin_token_scope),
                    .region = RegionName(fields.text(admin_token_region)),
                    .created_at = from_micros(fields.signed_number(admin_token_created)),
                    .expires_at = from_micros(fields.signed_number(admin_token_expires))};
}

}  // namespace holdfast::identity
