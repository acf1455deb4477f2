#pragma once

#include <string>
#include <vector>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"

namespace holdfast::identity {

/// A person who runs the cluster. Signs in nowhere: acts through admin tokens.
struct Operator {
  std::string id;  ///< a UUID
  std::string name;
  std::string email;
  std::string phone;
  bool enabled = true;
  WallTime created_at;

  bool operator==(const Operator&) const = default;
};

/// What is known of an admin token; the token itself is nowhere, only its SHA-256 as the row's key.
struct AdminToken {
  std::string id;  ///< a UUID, to name it in lists and in the audit trail
  std::string name;
  std::string operator_id;
  std::vector<std::string> scopes;
  RegionName region;  ///< the one region that takes it; empty: every region
  WallTime created_at;
  WallTime expires_at;

  bool operator==(const AdminToken&) const = default;
};

/// Who calls the admin API.
struct OperatorPrincipal {
  std::string operator_id;
  std::string operator_name;
  std::string token_id;
  std::string token_name;
  std::vector<std::string> scopes;
};

}  // namespace holdfast::identity
