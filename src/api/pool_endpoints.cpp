// Pools (docs/api/admin.md, "Pools").
#include "admin_support.h"
#include "holdfast/api/admin_auth.h"
#include "holdfast/api/json_body.h"
#include "holdfast/api/written.h"
#include "holdfast/identity/pool_rules.h"

namespace holdfast::api {
namespace {

using http::AuthLevel;
using http::Method;
using http::Request;
using http::Response;
using identity::AttributeDefinition;
using identity::Pool;

template <class T>
nlohmann::json bound_or_null(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

nlohmann::json describe_pool(const Pool& pool) {
  nlohmann::json custom = nlohmann::json::array();
  for (const AttributeDefinition& attribute : pool.custom_attributes) {
    custom.push_back({{"name", attribute.name},
                      {"type", identity::to_string(attribute.type)},
                      {"mutable", attribute.is_mutable},
                      {"least", bound_or_null(attribute.least)},
                      {"most", bound_or_null(attribute.most)}});
  }
  return {{"id", pool.id.str()},
          {"name", pool.name},
          {"algorithm", crypto::to_string(pool.algorithm)},
          {"usernamesAreCaseSensitive", pool.usernames_are_case_sensitive},
          {"passwordPolicy",
           {{"minimumLength", pool.password.minimum_length},
            {"needsLower", pool.password.needs_lower},
            {"needsUpper", pool.password.needs_upper},
            {"needsDigit", pool.password.needs_digit},
            {"needsSymbol", pool.password.needs_symbol},
            {"temporaryPasswordSeconds", pool.password.temporary_validity.count()}}},
          {"lifetimes",
           {{"accessTokenSeconds", pool.lifetimes.access.count()},
            {"idTokenSeconds", pool.lifetimes.id.count()},
            {"refreshTokenSeconds", pool.lifetimes.refresh.count()},
            {"challengeSeconds", pool.lifetimes.challenge.count()}}},
          {"requiredAttributes", pool.required_attributes},
          {"customAttributes", std::move(custom)},
          {"createdAt", to_rfc3339(pool.created_at)},
          {"modifiedAt", to_rfc3339(pool.modified_at)}};
}

Result<identity::PasswordPolicy> read_policy(const nlohmann::json& value) {
  identity::PasswordPolicy policy;
  JsonFields fields(value, "passwordPolicy.");
  policy.minimum_length =
      static_cast<std::uint32_t>(fields.find_number("minimumLength", 6, 99).value_or(policy.minimum_length));
  policy.needs_lower = fields.find_flag("needsLower").value_or(policy.needs_lower);
  policy.needs_upper = fields.find_flag("needsUpper").value_or(policy.needs_upper);
  policy.needs_digit = fields.find_flag("needsDigit").value_or(policy.needs_digit);
  policy.needs_symbol = fields.find_flag("needsSymbol").value_or(policy.needs_symbol);
  policy.temporary_validity =
      find_seconds(fields, "temporaryPasswordSeconds").value_or(policy.temporary_validity);
  TRY_VOID(fields.finish());
  return policy;
}

Result<identity::Lifetimes> read_lifetimes(const nlohmann::json& value) {
  identity::Lifetimes lifetimes;
  JsonFields fields(value, "lifetimes.");
  lifetimes.access = find_seconds(fields, "accessTokenSeconds").value_or(lifetimes.access);
  lifetimes.id = find_seconds(fields, "idTokenSeconds").value_or(lifetimes.id);
  lifetimes.refresh = find_seconds(fields, "refreshTokenSeconds").value_or(lifetimes.refresh);
  lifetimes.challenge = find_seconds(fields, "challengeSeconds").value_or(lifetimes.challenge);
  TRY_VOID(fields.finish());
  return lifetimes;
}

Result<std::vector<AttributeDefinition>> read_custom_attributes(const nlohmann::json& values) {
  std::vector<AttributeDefinition> attributes;
  for (const auto& value : values) {
    JsonFields fields(value, "customAttributes[" + std::to_string(attributes.size()) + "].");
    AttributeDefinition attribute;
    attribute.name = fields.text("name");
    const auto type = fields.find_text("type");
    attribute.is_mutable = fields.find_flag("mutable").value_or(true);
    attribute.least = fields.find_number("least");
    attribute.most = fields.find_number("most");
    TRY_VOID(fields.finish());
    if (type) {
      TRY(attribute.type, identity::parse_attribute_type(*type));
    }
    attributes.push_back(std::move(attribute));
  }
  return attributes;
}

// What a POST and a PUT share: every setting, the default where it is absent.
Result<Pool> read_pool_fields(JsonFields& fields) {
  Pool pool;
  pool.name = fields.text("name");
  const auto algorithm = fields.find_text("algorithm");
  pool.usernames_are_case_sensitive = fields.find_flag("usernamesAreCaseSensitive").value_or(false);
  const auto* policy = fields.find_object("passwordPolicy");
  const auto* lifetimes = fields.find_object("lifetimes");
  const auto* custom = fields.find_array("customAttributes");
  pool.required_attributes = fields.find_texts("requiredAttributes").value_or(std::vector<std::string>());
  if (algorithm) {
    const auto known = crypto::signing_algorithm_from(*algorithm);
    if (!known) fields.refuse("algorithm", "RS256 or ES256");
    pool.algorithm = known.value_or(pool.algorithm);
  }
  if (policy != nullptr) {
    TRY(pool.password, read_policy(*policy));
  }
  if (lifetimes != nullptr) {
    TRY(pool.lifetimes, read_lifetimes(*lifetimes));
  }
  if (custom != nullptr) {
    TRY(pool.custom_attributes, read_custom_attributes(*custom));
  }
  return pool;
}

async::Task<Result<Response>> create_pool(IdentityParts parts, Request* request) {
  CO_TRY(auto draft, read_json(request->body, read_pool_fields));
  CO_TRY(Pool pool, std::move(draft));
  CO_TRY(const auto written, co_await parts.identity.pools.create(std::move(pool), operator_actor(*request)));
  co_return written_response(201, describe_pool(written.value), written.receipt);
}

async::Task<Result<Response>> list_pools(IdentityParts parts, Request* request) {
  CO_TRY(const auto query, page_query(*request));
  auto list = [&] { return parts.identity.pools.list(query); };
  CO_TRY(const auto page, co_await async::offload(parts.disk, std::move(list)));
  co_return json_response(200, describe_page("pools", page, describe_pool));
}

async::Task<Result<Response>> show_pool(IdentityParts parts, Request* request) {
  CO_TRY(const auto pool, pool_of(parts, *request));
  co_return json_response(200, describe_pool(*pool));
}

async::Task<Result<Response>> replace_pool(IdentityParts parts, Request* request) {
  CO_TRY(const auto before, pool_of(parts, *request));
  // What a GET answers can be edited and sent back: what is not a setting is accepted and means nothing.
  CO_TRY(auto changed, read_json(request->body, [](JsonFields& fields) {
           for (const auto* name : {"id", "createdAt", "modifiedAt"}) fields.ignore(name);
           return read_pool_fields(fields);
         }));
  CO_TRY(Pool pool, std::move(changed));
  pool.id = before->id;
  CO_TRY(const auto written, co_await parts.identity.pools.update(std::move(pool), operator_actor(*request)));
  co_return written_response(200, describe_pool(written.value), written.receipt);
}

}  // namespace

void add_pool_endpoints(http::Router& router, const IdentityParts& parts) {
  add_admin_rows(
      router, parts,
      {{Method::post,
        "/admin/v1/pools",
        AuthLevel::operator_write,
        create_pool,
        {.summary = "Makes a user pool and its first signing key.", .takes = json_type, .success = 201},
        describe_created<Pool>(describe_pool)},
       {Method::get,
        "/admin/v1/pools",
        AuthLevel::operator_read,
        list_pools,
        {.summary = "Lists user pools.", .query = {"limit", "next"}}},
       {Method::get,
        "/admin/v1/pools/{pool}",
        AuthLevel::operator_read,
        show_pool,
        {.summary = "Shows a user pool."}},
       {Method::put,
        "/admin/v1/pools/{pool}",
        AuthLevel::operator_write,
        replace_pool,
        {.summary = "Replaces a user pool's settings.", .takes = json_type}}});
}

}  // namespace holdfast::api
