#pragma once

#include <string>

#include "holdfast/async/cpu_pool.h"
#include "holdfast/async/task.h"
#include "holdfast/base/result.h"
#include "holdfast/crypto/password_hash.h"

namespace holdfast::identity {

/// Argon2id on the hashing pool: fair per address, then per user; `overloaded` when the queue is full.
/// Passwords are normalised here, so every caller hashes and compares the same bytes. Thread-safe; cheap to
/// copy; the pool outlives it.
class PasswordHasher {
 public:
  PasswordHasher(async::CpuPool& pool, crypto::Argon2Params params) : pool_(&pool), params_(params) {}

  /// A PHC string. Refusals of normalize_password; `overloaded`.
  async::Task<Result<std::string>> hash(async::FairKey key, std::string password) const;
  /// Whether `password` is the one behind `phc`. An empty `phc` (an account that does not exist or has no
  /// password) is never matched and costs the same work in the same queue. What cannot be a password is
  /// wrong, at the same cost.
  async::Task<Result<bool>> verify(async::FairKey key, std::string phc, std::string password) const;

 private:
  async::CpuPool* pool_;
  crypto::Argon2Params params_;
};

}  // namespace holdfast::identity
