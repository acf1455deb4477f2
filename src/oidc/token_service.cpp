#include "holdfast/oidc/token_service.h"

#include <algorithm>
#include <utility>

#include "holdfast/oidc/client_authenticator.h"

namespace holdfast::oidc {

TokenService::TokenService(identity::PoolService& pools, identity::ClientService& clients,
                           std::vector<std::unique_ptr<Grant>> grants)
    : pools_(&pools), clients_(&clients), grants_(std::move(grants)) {}

async::Task<Result<TokenAnswer>> TokenService::token(OAuthRequest request) {
  CO_TRY(auto pool, pools_->get(request.pool));
  CO_TRY(auto parameters, Parameters::parse(request.form));
  CO_TRY(const auto credentials, read_client_credentials(request.authorization, parameters));
  CO_TRY(auto client, authenticate_client(*clients_, request.pool, credentials));
  CO_TRY(const auto type, parameters.get("grant_type"));
  const auto found = std::ranges::find_if(grants_, [&](const auto& grant) { return grant->type() == type; });
  if (found == grants_.end()) {
    co_return fail(ErrorKind::invalid, "unsupported_grant_type", "that grant_type is not supported");
  }
  co_return co_await (*found)->grant({.pool = std::move(pool),
                                      .client = std::move(client),
                                      .parameters = std::move(parameters),
                                      .origin = std::move(request.origin)});
}

std::vector<std::string> TokenService::grant_types() const {
  std::vector<std::string> types;
  types.reserve(grants_.size());
  for (const auto& grant : grants_) types.emplace_back(grant->type());
  return types;
}

}  // namespace holdfast::oidc
