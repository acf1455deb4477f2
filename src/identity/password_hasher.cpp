#include "holdfast/identity/password_hasher.h"

#include <utility>

#include "holdfast/base/secret.h"
#include "holdfast/identity/pool_rules.h"

namespace holdfast::identity {

async::Task<Result<std::string>> PasswordHasher::hash(async::FairKey key, std::string password) const {
  CO_TRY(auto normal, normalize_password(password));
  wipe(password);
  co_return co_await pool_->run(std::move(key), [params = params_, normal = Secret(std::move(normal))]() {
    return crypto::hash_password(normal.expose(), params);
  });
}

async::Task<Result<bool>> PasswordHasher::verify(async::FairKey key, std::string phc,
                                                 std::string password) const {
  auto normalized = normalize_password(password);
  wipe(password);
  const bool possible = normalized.has_value();
  Secret normal(possible ? *std::move(normalized) : std::string());
  co_return co_await pool_->run(
      std::move(key),
      [params = params_, possible, phc = std::move(phc), normal = std::move(normal)]() -> Result<bool> {
        if (phc.empty()) {
          TRY_VOID(crypto::dummy_verify(params, normal.expose()));
          return false;
        }
        TRY(const bool right, crypto::verify_password(phc, normal.expose()));
        if (right && possible) return true;
        // A name that is nobody's costs what is configured now; this one's verifier may be of before.
        TRY_VOID(crypto::make_up_work(phc, params, normal.expose()));
        return false;
      });
}

}  // namespace holdfast::identity
