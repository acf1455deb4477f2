#include "holdfast/base/codec.h"
#include "records.h"

namespace holdfast::identity {
namespace {

enum ClientField : std::uint32_t {
  client_pool = 1,
  client_name = 2,
  client_secret = 3,
  client_enabled = 4,
  client_flow = 5,
  client_scope = 6,
  client_redirect_uri = 7,
  client_logout_uri = 8,
  client_writable_attribute = 9,
  client_access_seconds = 10,
  client_id_seconds = 11,
  client_refresh_seconds = 12,
  client_rotates = 13,
  client_grace_seconds = 14,
  client_created = 15,
  client_modified = 16,
};
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

using MaybeSeconds = std::optional<std::chrono::seconds>;

void put_seconds(FieldWriter& fields, std::uint32_t number, MaybeSeconds duration) {
  if (duration) fields.number(number, static_cast<std::uint64_t>(duration->count()));
}

MaybeSeconds maybe_seconds(const FieldReader& fields, std::uint32_t number) {
  if (!fields.find(number)) return std::nullopt;
  return std::chrono::seconds(fields.number(number));
}

void put_texts(FieldWriter& fields, std::uint32_t number, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) fields.text(number, text);
}

std::vector<std::string> all_texts(const FieldReader& fields, std::uint32_t number) {
  std::vector<std::string> texts;
  fields.all(number, [&](BytesView text) { texts.emplace_back(text); });
  return texts;
}

}  // namespace

Bytes encode(const Client& client) {
  FieldWriter fields;
  fields.text(client_pool, client.pool.str()).text(client_name, client.name);
  if (client.is_confidential()) fields.text(client_secret, client.secret);
  fields.flag(client_enabled, client.enabled);
  for (const Flow flow : client.flows) fields.number(client_flow, static_cast<std::uint8_t>(flow));
  put_texts(fields, client_scope, client.scopes);
  put_texts(fields, client_redirect_uri, client.redirect_uris);
  put_texts(fields, client_logout_uri, client.logout_uris);
  put_texts(fields, client_writable_attribute, client.writable_attributes);
  put_seconds(fields, client_access_seconds, client.access_lifetime);
  put_seconds(fields, client_id_seconds, client.id_lifetime);
  put_seconds(fields, client_refresh_seconds, client.refresh_lifetime);
  fields.flag(client_rotates, client.rotates_refresh_tokens);
  put_seconds(fields, client_grace_seconds, client.rotation_grace);
  fields.signed_number(client_created, to_micros(client.created_at))
      .signed_number(client_modified, to_micros(client.modified_at));
  return fields.take();
}

Result<Client> decode_client(const ClientId& id, BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  Client client;
  client.id = id;
  client.pool = PoolId(fields.text(client_pool));
  client.name = fields.text(client_name);
  client.secret = fields.text(client_secret);
  client.enabled = fields.flag(client_enabled);
  fields.all(client_flow, [&](BytesView flow) {
    // A number that this build does not know permits nothing.
    const auto number = flow.size() == 1 ? static_cast<unsigned char>(flow.front()) : 0;
    if (number >= static_cast<int>(Flow::user_password) &&
        number <= static_cast<int>(Flow::admin_user_password))
      client.flows.push_back(static_cast<Flow>(number));
  });
  client.scopes = all_texts(fields, client_scope);
  client.redirect_uris = all_texts(fields, client_redirect_uri);
  client.logout_uris = all_texts(fields, client_logout_uri);
  client.writable_attributes = all_texts(fields, client_writable_attribute);
  client.access_lifetime = maybe_seconds(fields, client_access_seconds);
  client.id_lifetime = maybe_seconds(fields, client_id_seconds);
  client.refresh_lifetime = maybe_seconds(fields, client_refresh_seconds);
  client.rotates_refresh_tokens = fields.flag(client_rotates);
  client.rotation_grace = maybe_seconds(fields, client_grace_seconds).value_or(client.rotation_grace);
  client.created_at = from_micros(fields.signed_number(client_created));
  client.modified_at = from_micros(fields.signed_number(client_modified));
  return client;
}

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
