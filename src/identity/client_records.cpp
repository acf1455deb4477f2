#include "record_fields.h"
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

using MaybeSeconds = std::optional<std::chrono::seconds>;

void put_seconds(FieldWriter& fields, std::uint32_t number, MaybeSeconds duration) {
  if (duration) fields.number(number, static_cast<std::uint64_t>(duration->count()));
}

Result<MaybeSeconds> maybe_seconds(const FieldReader& fields, std::uint32_t number) {
  if (!fields.find(number)) return MaybeSeconds();
  TRY(const auto duration, seconds_of(fields, "client", number, {}));
  return MaybeSeconds(duration);
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
  TRY(client.access_lifetime, maybe_seconds(fields, client_access_seconds));
  TRY(client.id_lifetime, maybe_seconds(fields, client_id_seconds));
  TRY(client.refresh_lifetime, maybe_seconds(fields, client_refresh_seconds));
  client.rotates_refresh_tokens = fields.flag(client_rotates);
  TRY(client.rotation_grace, seconds_of(fields, "client", client_grace_seconds, client.rotation_grace));
  client.created_at = from_micros(fields.signed_number(client_created));
  client.modified_at = from_micros(fields.signed_number(client_modified));
  return client;
}

}  // namespace holdfast::identity
