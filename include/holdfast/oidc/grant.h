#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/async/task.h"
#include "holdfast/base/result.h"
#include "holdfast/identity/client_model.h"
#include "holdfast/identity/pool_model.h"
#include "holdfast/identity/sign_in_service.h"
#include "holdfast/oidc/parameters.h"

namespace holdfast::oidc {

/// A token request whose client is authenticated.
struct GrantRequest {
  std::shared_ptr<const identity::Pool> pool;
  std::shared_ptr<const identity::Client> client;
  Parameters parameters;
  identity::Origin origin;
};

/// RFC 6749 §5.1; empty texts are left out of the answer.
struct TokenAnswer {
  std::string access_token;
  std::string refresh_token;
  std::string id_token;
  std::chrono::seconds expires_in{};
  std::vector<std::string> scopes;
  std::optional<region::CommitReceipt> receipt;
};

/// One way to get tokens (RFC 6749 §4): one file each. Errors carry the RFC's codes (oauth_error.h).
/// Stateless and thread-safe; lives as long as the process.
class Grant {
 public:
  virtual ~Grant() = default;
  /// The value of `grant_type`.
  [[nodiscard]] virtual std::string_view type() const = 0;
  virtual async::Task<Result<TokenAnswer>> grant(GrantRequest request) = 0;
};

}  // namespace holdfast::oidc
