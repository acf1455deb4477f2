#include "holdfast/oidc/discovery.h"

#include <nlohmann/json.hpp>

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
  return document.dump();
}

}  // namespace holdfast::oidc
