#include "holdfast/oidc/discovery.h"

#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "holdfast/base/json_writer.h"
#include "holdfast/identity/token_claims.h"

namespace holdfast::oidc {

std::string discovery_document(std::string_view issuer_base, const identity::Pool& pool,
                               const std::vector<std::string>& grant_types) {
  const std::string issuer = identity::issuer_of(issuer_base, pool.id);
  const std::vector<std::string> client_authentication = {"client_secret_basic", "client_secret_post",
                                                          "none"};
  nlohmann::ordered_json document;
  document["issuer"] = issuer;
  document["jwks_uri"] = issuer + "/.well-known/jwks.json";
  document["token_endpoint"] = issuer + "/oauth2/token";
  document["revocation_endpoint"] = issuer + "/oauth2/revoke";
  document["grant_types_supported"] = grant_types;
  // Required by both specifications; empty until there is an authorization endpoint.
  document["response_types_supported"] = nlohmann::ordered_json::array();
  document["subject_types_supported"] = {"public"};
  document["id_token_signing_alg_values_supported"] = {std::string(crypto::to_string(pool.algorithm))};
  document["token_endpoint_auth_methods_supported"] = client_authentication;
  document["revocation_endpoint_auth_methods_supported"] = client_authentication;
  document["scopes_supported"] = {"openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"};
  document["claims_supported"] = {"sub",
                                  "iss",
                                  "aud",
                                  "exp",
                                  "iat",
                                  "auth_time",
                                  "token_use",
                                  "cognito:username",
                                  "cognito:groups",
                                  "email",
                                  "email_verified",
                                  "phone_number",
                                  "phone_number_verified",
                                  "name",
                                  "given_name",
                                  "family_name"};
  return to_json_text(document);
}

namespace {
constexpr std::size_t kept_documents = 4096;
}  // namespace

DiscoveryCache::DiscoveryCache(std::string issuer_base, std::vector<std::string> grant_types)
    : issuer_base_(std::move(issuer_base)), grant_types_(std::move(grant_types)) {}

std::shared_ptr<const std::string> DiscoveryCache::document(
    const std::shared_ptr<const identity::Pool>& pool) {
  {
    const std::shared_lock lock(mutex_);
    const auto found = entries_.find(pool->id);
    if (found != entries_.end() && found->second.pool == pool) return found->second.text;
  }
  auto text = std::make_shared<const std::string>(discovery_document(issuer_base_, *pool, grant_types_));
  const std::unique_lock lock(mutex_);
  if (entries_.size() >= kept_documents) entries_.clear();
  entries_.insert_or_assign(pool->id, Entry{.pool = pool, .text = text});
  return text;
}

}  // namespace holdfast::oidc
