#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/crypto/signing_key.h"

namespace holdfast::identity {

using crypto::SigningAlgorithm;

/// What a permanent password must have. Defaults are Cognito's.
struct PasswordPolicy {
  std::uint32_t minimum_length = 8;
  bool needs_lower = true;
  bool needs_upper = true;
  bool needs_digit = true;
  bool needs_symbol = true;
  std::chrono::seconds temporary_validity = std::chrono::days(7);

  bool operator==(const PasswordPolicy&) const = default;
};

/// How long what a pool issues is good for; a client may override the first three.
struct Lifetimes {
  std::chrono::seconds access = std::chrono::minutes(60);
  std::chrono::seconds id = std::chrono::minutes(60);
  std::chrono::seconds refresh = std::chrono::days(30);
  std::chrono::seconds challenge = std::chrono::minutes(3);

  bool operator==(const Lifetimes&) const = default;
};

/// Types that a custom attribute may have; the value is always carried as text. The number is the stored one.
enum class AttributeType : std::uint8_t { string = 1, number = 2, boolean = 3, date = 4 };

/// One `custom:` attribute of a pool. Bounds are lengths for strings and values for numbers.
struct AttributeDefinition {
  std::string name;  ///< with its `custom:`
  AttributeType type = AttributeType::string;
  bool is_mutable = true;
  std::optional<std::int64_t> least;
  std::optional<std::int64_t> most;

  bool operator==(const AttributeDefinition&) const = default;
};

/// A directory of users with its own issuer, keys and rules.
struct Pool {
  PoolId id;
  std::string name;
  /// Of the pool's next signing key: RS256 unless chosen otherwise.
  SigningAlgorithm algorithm = SigningAlgorithm::rs256;
  bool usernames_are_case_sensitive = false;
  PasswordPolicy password;
  Lifetimes lifetimes;
  std::vector<std::string> required_attributes;  ///< standard ones, asked for at creation
  std::vector<AttributeDefinition> custom_attributes;
  WallTime created_at;
  WallTime modified_at;

  bool operator==(const Pool&) const = default;
};

}  // namespace holdfast::identity
