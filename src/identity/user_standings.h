#pragma once

#include "holdfast/identity/user_service.h"
#include "record_cache.h"
#include "tables.h"

namespace holdfast::identity {

/// Users seen lately, by the key of their row.
struct UserService::Standings {
  static constexpr std::size_t most = 16'384;

  explicit Standings(storage::CoreDb& core)
      : by_row(core, users_table, most), credentials(core, credentials_table, most) {}

  RecordCache<UserStanding> by_row;
  RecordCache<PasswordCredential> credentials;  ///< without verifiers
};

}  // namespace holdfast::identity
