// App clients (docs/api/admin.md, "Clients"). A secret leaves only in the answers of creation and renewal.
#include "admin_support.h"
#include "holdfast/api/admin_auth.h"
#include "holdfast/api/json_body.h"
#include "holdfast/api/written.h"
#include "holdfast/identity/client_rules.h"

namespace holdfast::api {
namespace {

using http::AuthLevel;
using http::Method;
using http::Request;
using http::Response;
using identity::Client;

using SecondsOrNone = std::optional<std::chrono::seconds>;

nlohmann::json seconds_or_null(const SecondsOrNone& value) {
  return value ? nlohmann::json(value->count()) : nlohmann::json();
}

std::string_view type_of(const Client& client) {
  return client.is_confidential() ? "confidential" : "public";
}

nlohmann::json describe_client(const Client& client) {
  nlohmann::json flows = nlohmann::json::array();
  for (const auto flow : client.flows) flows.push_back(identity::to_string(flow));
  return {{"clientId", client.id.str()},
          {"pool", client.pool.str()},
          {"name", client.name},
          {"type", type_of(client)},
          {"enabled", client.enabled},
          {"flows", std::move(flows)},
          {"scopes", client.scopes},
          {"redirectUris", client.redirect_uris},
          {"logoutUris", client.logout_uris},
          {"writableAttributes", client.writable_attributes},
          {"accessTokenSeconds", seconds_or_null(client.access_lifetime)},
          {"idTokenSeconds", seconds_or_null(client.id_lifetime)},
          {"refreshTokenSeconds", seconds_or_null(client.refresh_lifetime)},
          {"rotatesRefreshTokens", client.rotates_refresh_tokens},
          {"rotationGraceSeconds", client.rotation_grace.count()},
          {"createdAt", to_rfc3339(client.created_at)},
          {"modifiedAt", to_rfc3339(client.modified_at)}};
}

nlohmann::json describe_with_secret(const Client& client) {
  auto json = describe_client(client);
  if (client.is_confidential()) json["clientSecret"] = client.secret;
  return json;
}

// What a POST and a PUT share: every setting but the type, the default where it is absent.
Result<Client> read_client_fields(JsonFields& fields) {
  Client client;
  const auto texts = [&](std::string_view name) {
    return fields.find_texts(name).value_or(std::vector<std::string>());
  };
  client.name = fields.text("name");
  client.enabled = fields.find_flag("enabled").value_or(true);
  const auto flows = fields.texts("flows");
  client.scopes = texts("scopes");
  client.redirect_uris = texts("redirectUris");
  client.logout_uris = texts("logoutUris");
  client.writable_attributes = texts("writableAttributes");
  client.access_lifetime = find_seconds(fields, "accessTokenSeconds");
  client.id_lifetime = find_seconds(fields, "idTokenSeconds");
  client.refresh_lifetime = find_seconds(fields, "refreshTokenSeconds");
  client.rotates_refresh_tokens = fields.find_flag("rotatesRefreshTokens").value_or(false);
  client.rotation_grace = find_seconds(fields, "rotationGraceSeconds").value_or(client.rotation_grace);
  for (const std::string& text : flows) {
    TRY(const auto flow, identity::parse_flow(text));
    client.flows.push_back(flow);
  }
  return client;
}

std::optional<std::string> read_client_type(JsonFields& fields) {
  auto type = fields.find_text("type");
  if (type && *type != "public" && *type != "confidential") fields.refuse("type", "public or confidential");
  return type;
}

async::Task<Result<Response>> create_client(IdentityParts parts, Request* request) {
  CO_TRY(const auto pool, pool_of(parts, *request));
  bool confidential = false;
  CO_TRY(auto draft, read_json(request->body, [&](JsonFields& fields) {
           fields.text("type");
           confidential = read_client_type(fields) == "confidential";
           return read_client_fields(fields);
         }));
  CO_TRY(Client client, std::move(draft));
  client.pool = pool->id;
  CO_TRY(const auto written,
         co_await parts.identity.clients.create(std::move(client), confidential, operator_actor(*request)));
  co_return written_response(201, describe_with_secret(written.value), written.receipt);
}

async::Task<Result<Response>> list_clients(IdentityParts parts, Request* request) {
  CO_TRY(const auto query, page_query(*request));
  CO_TRY(const auto pool, pool_of(parts, *request));
  auto list = [&] { return parts.identity.clients.list(pool->id, query); };
  CO_TRY(const auto page, co_await async::offload(parts.disk, std::move(list)));
  co_return json_response(200, describe_page("clients", page, describe_client));
}

Result<std::shared_ptr<const Client>> client_of(const IdentityParts& parts, const Request& request) {
  TRY(const auto pool, pool_of(parts, request));
  return parts.identity.clients.get(pool->id, ClientId(path_text(request, "client")));
}

async::Task<Result<Response>> show_client(IdentityParts parts, Request* request) {
  CO_TRY(const auto client, client_of(parts, *request));
  co_return json_response(200, describe_client(*client));
}

async::Task<Result<Response>> replace_client(IdentityParts parts, Request* request) {
  CO_TRY(const auto before, client_of(parts, *request));
  std::optional<std::string> type;
  // What a GET answers can be edited and sent back: what is not a setting is accepted and means nothing.
  CO_TRY(auto changed, read_json(request->body, [&](JsonFields& fields) {
           for (const auto* name : {"clientId", "pool", "createdAt", "modifiedAt"}) fields.ignore(name);
           type = read_client_type(fields);
           return read_client_fields(fields);
         }));
  CO_TRY(Client client, std::move(changed));
  if (type && *type != type_of(*before))
    co_return fail(ErrorKind::invalid, "immutable_field", "a client's type is fixed when it is made");
  client.pool = before->pool;
  client.id = before->id;
  CO_TRY(const auto written,
         co_await parts.identity.clients.update(std::move(client), operator_actor(*request)));
  co_return written_response(200, describe_client(written.value), written.receipt);
}

async::Task<Result<Response>> renew_client_secret(IdentityParts parts, Request* request) {
  CO_TRY_VOID(check_no_fields(request->body));
  CO_TRY(const auto client, client_of(parts, *request));
  CO_TRY(const auto written,
         co_await parts.identity.clients.renew_secret(client->pool, client->id, operator_actor(*request)));
  co_return written_response(200, describe_with_secret(written.value), written.receipt);
}

async::Task<Result<Response>> delete_client(IdentityParts parts, Request* request) {
  CO_TRY(const auto client, client_of(parts, *request));
  CO_TRY(const auto receipt,
         co_await parts.identity.clients.remove(client->pool, client->id, operator_actor(*request)));
  co_return written_response(receipt);
}

}  // namespace

void add_client_endpoints(http::Router& router, const IdentityParts& parts) {
  constexpr std::string_view all = "/admin/v1/pools/{pool}/clients";
  constexpr std::string_view one = "/admin/v1/pools/{pool}/clients/{client}";
  add_admin_rows(
      router, parts,
      {{Method::post,
        all,
        AuthLevel::operator_write,
        create_client,
        {.summary = "Makes an app client; the answer alone has a confidential one's secret.",
         .takes = json_type,
         .success = 201},
        describe_created<Client>(describe_with_secret)},
       {Method::get,
        all,
        AuthLevel::operator_read,
        list_clients,
        {.summary = "Lists a pool's app clients.", .query = {"limit", "next"}}},
       {Method::get, one, AuthLevel::operator_read, show_client, {.summary = "Shows an app client."}},
       {Method::put,
        one,
        AuthLevel::operator_write,
        replace_client,
        {.summary = "Replaces an app client's settings; the secret stays.", .takes = json_type}},
       {Method::del,
        one,
        AuthLevel::operator_write,
        delete_client,
        {.summary = "Removes an app client.", .success = 204}},
       {Method::post,
        "/admin/v1/pools/{pool}/clients/{client}/secret",
        AuthLevel::operator_write,
        renew_client_secret,
        {.summary = "Draws a new client secret; the old one is void at once."}}});
}

}  // namespace holdfast::api
