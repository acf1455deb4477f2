#pragma once

#include <memory>
#include <string>

#include "holdfast/async/task.h"
#include "holdfast/identity/foundation.h"
#include "holdfast/identity/password_hasher.h"

namespace holdfast::identity {

/// Brings verifiers up to the configured Argon2 parameters: only a sign-in knows the password. Works behind
/// the answer, at the primary alone, and gives up at the first difficulty; the next sign-in tries again.
/// Thread-safe; lives as long as the process, and is destroyed off the I/O threads.
class Rehasher {
 public:
  Rehasher(Foundation base, PasswordHasher hasher);
  ~Rehasher();

  /// Whether this verifier should be written anew here.
  [[nodiscard]] bool wants(const std::string& phc) const;
  /// Starts it. `phc` is what `password` was found to be right for: another verifier is left alone.
  async::Task<> start(PoolId pool, UserId user, std::string phc, Secret password, std::string request_id);

  /// Resumes when everything that was started has ended: for tests and shutdown.
  async::Task<> settled();

 private:
  struct State;
  async::Task<> rehash(PoolId pool, UserId user, std::string phc, Secret password, std::string request_id);

  Foundation base_;
  PasswordHasher hasher_;
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::identity
