#pragma once

#include "holdfast/identity/token_issuer.h"
#include "holdfast/oidc/grant.h"

namespace holdfast::oidc {

/// RFC 6749 §4.4: a client acts for itself. Without a `scope` parameter it gets all that it is allowed, but
/// never a scope that stands for a signed-in user. Writes nothing, so it works at every region.
class ClientCredentialsGrant final : public Grant {
 public:
  explicit ClientCredentialsGrant(identity::TokenIssuer& issuer) : issuer_(&issuer) {}
  [[nodiscard]] std::string_view type() const override { return "client_credentials"; }
  async::Task<Result<TokenAnswer>> grant(GrantRequest request) override;

 private:
  identity::TokenIssuer* issuer_;
};

}  // namespace holdfast::oidc
