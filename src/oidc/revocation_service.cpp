#include "holdfast/oidc/revocation_service.h"

#include <utility>

#include "holdfast/oidc/client_authenticator.h"

namespace holdfast::oidc {

async::Task<Result<std::optional<region::CommitReceipt>>> RevocationService::revoke(OAuthRequest request) {
  CO_TRY(const auto pool, pools_->get(request.pool));
  CO_TRY(const auto parameters, Parameters::parse(request.form));
  CO_TRY(const auto credentials, read_client_credentials(request.authorization, parameters));
  CO_TRY(const auto client, authenticate_client(*clients_, pool->id, credentials));
  CO_TRY(auto token, parameters.get("token"));
  co_return co_await sign_in_->revoke_for(*client, std::move(token), std::move(request.origin));
}

}  // namespace holdfast::oidc
