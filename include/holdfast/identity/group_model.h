#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"

namespace holdfast::identity {

/// A named set of a pool's users. Memberships hang on `id`, so deleting a group ends all of them in one write
/// and a new group of the same name starts empty.
struct Group {
  PoolId pool;
  std::string id;  ///< a UUID; never shown
  std::string name;
  std::string description;
  std::optional<std::uint32_t> precedence;  ///< lower comes first, as in Cognito; absent comes last
  WallTime created_at;
  WallTime modified_at;

  bool operator==(const Group&) const = default;
};

}  // namespace holdfast::identity
