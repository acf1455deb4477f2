#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/async/task.h"
#include "holdfast/base/secret.h"
#include "holdfast/identity/actor.h"
#include "holdfast/identity/foundation.h"
#include "holdfast/identity/operator_model.h"

namespace holdfast::identity {

/// So many admin tokens of all operators; each call that lists or revokes looks at all of them.
inline constexpr std::size_t max_admin_tokens = 10'000;

struct NewAdminToken {
  std::string name;
  std::string operator_id;
  std::vector<std::string> scopes;
  std::chrono::seconds lifetime;
  RegionName region;  ///< empty: every region takes it
};

/// The secret is shown once; only its hash is kept.
struct CreatedAdminToken {
  AdminToken token;
  Secret secret;
};

/// Operators and their admin tokens. Thread-safe; lives as long as the process.
class OperatorService {
 public:
  explicit OperatorService(Foundation base);
  ~OperatorService();

  async::Task<Result<Written<Operator>>> create(Operator draft, Actor actor);
  /// Disabling voids all of the operator's tokens.
  async::Task<Result<Written<Operator>>> set_enabled(std::string id, bool enabled, Actor actor);
  [[nodiscard]] Result<Operator> get(const std::string& id) const;
  /// By name. Operators are few.
  [[nodiscard]] Result<std::vector<Operator>> list() const;

  /// Expired tokens go when there is a new one. Refusals: `not_found` (operator), `invalid_admin_token`,
  /// `too_many_admin_tokens` (conflict).
  async::Task<Result<Written<CreatedAdminToken>>> create_token(
      NewAdminToken wanted, Actor actor, region::AckClass ack_class = region::AckClass::security);
  async::Task<Result<region::CommitReceipt>> revoke_token(std::string token_id, Actor actor);
  /// For the audit trail alone: a region's own metrics token is in no row here. An error where this region
  /// may not write.
  async::Task<Result<region::CommitReceipt>> record_metrics_token_revoked(std::string token_id, Actor actor);
  [[nodiscard]] Result<std::vector<AdminToken>> tokens() const;

  /// Whose token this is: `unauthenticated` when it is unknown, expired, another region's or its operator
  /// disabled.
  [[nodiscard]] Result<OperatorPrincipal> authenticate(std::string_view token);

  /// Adds that every token bound to this region is void: it was removed.
  Result<> erase_tokens_of(storage::Transaction& transaction, const RegionName& region) const;

  /// For `init` and joining, which write before services run (a joiner sends only its token's hash).
  static void put_operator(storage::Transaction& transaction, const Operator& person);
  static void put_token(storage::Transaction& transaction, BytesView hash, const AdminToken& token);

 private:
  struct State;
  /// Erases expired tokens; refuses where there are max_admin_tokens even so.
  Result<> make_room(storage::Transaction& transaction) const;

  Foundation base_;
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::identity
