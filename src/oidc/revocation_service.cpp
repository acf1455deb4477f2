#include "holdfast/oidc/revocation_service.h"

#include <algorithm>
#include <utility>

#include "holdfast/oidc/client_authenticator.h"

namespace holdfast::oidc {

async::Task<Result<std::optional<region::CommitReceipt>>> RevocationService::revoke(OAuthRequest request) {
  CO_TRY(const auto pool, pools_->get(request.pool));
  CO_TRY(const auto parameters, Parameters::parse(request.form));
  CO_TRY(const auto credentials, read_client_credentials(request.authorization, parameters));
  CO_TRY(const auto client, authenticate_client(*clients_, pool->id, credentials));
  CO_TRY(auto token, parameters.get("token"));
  // Sealed tokens have no dots; a compact JWS has two.
  if (std::ranges::count(token, '.') == 2) {
    co_return fail(ErrorKind::invalid, "unsupported_token_type", "only refresh tokens can be revoked");
  }
  co_return co_await sign_in_->revoke_for(*client, std::move(token), std::move(request.origin));
}

}  // namespace holdfast::oidc
