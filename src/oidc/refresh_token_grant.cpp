#include "holdfast/oidc/refresh_token_grant.h"

#include <utility>

namespace holdfast::oidc {

async::Task<Result<TokenAnswer>> RefreshTokenGrant::grant(GrantRequest request) {
  CO_TRY(auto refresh_token, request.parameters.get("refresh_token"));
  std::optional<std::string> scope;
  if (const auto asked = request.parameters.find("scope")) scope = std::string(*asked);
  auto tokens = co_await sign_in_->refresh_for(*request.client, std::move(refresh_token),
                                               std::move(request.origin), std::move(scope));
  if (!tokens) {
    Error error = std::move(tokens).error();
    // RFC 6749 §5.2: an invalid, expired, revoked or foreign refresh token, or a user who may no longer sign
    // in.
    if (error.kind == ErrorKind::unauthenticated) error.code = "invalid_grant";
    if (error.code == "flow_not_enabled") error.code = "unauthorized_client";
    co_return fail(std::move(error));
  }
  co_return TokenAnswer{.access_token = std::move(tokens->access_token),
                        .refresh_token = std::move(tokens->refresh_token),
                        .id_token = std::move(tokens->id_token),
                        .expires_in = tokens->expires_in,
                        .scopes = std::move(tokens->scopes),
                        .receipt = tokens->receipt};
}

}  // namespace holdfast::oidc
