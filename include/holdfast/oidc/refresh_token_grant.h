#pragma once

#include "holdfast/oidc/grant.h"

namespace holdfast::oidc {

/// RFC 6749 §6: new tokens of a session. A new refresh token comes back only where the client rotates them.
/// Works at every region, also for a session whose row this region never saw.
class RefreshTokenGrant final : public Grant {
 public:
  explicit RefreshTokenGrant(identity::SignInService& sign_in) : sign_in_(&sign_in) {}
  [[nodiscard]] std::string_view type() const override { return "refresh_token"; }
  async::Task<Result<TokenAnswer>> grant(GrantRequest request) override;

 private:
  identity::SignInService* sign_in_;
};

}  // namespace holdfast::oidc
