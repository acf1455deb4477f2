#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"

namespace holdfast::identity {

/// Cognito's statuses. The number is the stored one.
enum class UserStatus : std::uint8_t {
  unconfirmed = 1,
  confirmed = 2,
  reset_required = 3,
  force_change_password = 4,  ///< has a temporary password
  external_provider = 5,
};

/// Attribute values by name; all are text, as in Cognito.
using Attributes = std::map<std::string, std::string>;

/// A person in one pool. `id` is the `sub` of tokens and never changes; `username` is as it was typed, in
/// NFC.
struct User {
  PoolId pool;
  UserId id;
  std::string username;
  UserStatus status = UserStatus::force_change_password;
  bool enabled = true;
  Attributes attributes;  ///< without `sub`
  WallTime created_at;
  WallTime modified_at;

  bool operator==(const User&) const = default;
};

/// What a password sign-in is checked against, and how far earlier sign-ins reach.
struct PasswordCredential {
  std::string phc;
  /// Counts settings of the password; tokens carry the number that their session began under.
  std::uint64_t version = 0;
  /// Tokens of older versions are dead: raised when somebody else than the user set the password.
  std::uint64_t oldest_valid_version = 0;
  WallTime changed_at;
  bool temporary = false;
  WallTime temporary_until;  ///< meaningful while `temporary`
  /// Raised by an unlock; failed attempts counted under an older epoch no longer count.
  std::uint64_t lockout_epoch = 0;

  bool operator==(const PasswordCredential&) const = default;
};

}  // namespace holdfast::identity
