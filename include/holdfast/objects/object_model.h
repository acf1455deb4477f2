#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"

namespace holdfast::objects {

/// A named space of object keys that belongs to exactly one app.
struct Bucket {
  std::string name{};
  AppId app{};
  WallTime created_at{};

  bool operator==(const Bucket&) const = default;
};

/// Names in lower case, without `x-amz-meta-`; values exactly as sent; in the order sent.
using UserMetadata = std::vector<std::pair<std::string, std::string>>;

/// The newest version of an object. Versions are immutable: an overwrite writes a new one and retires the old
/// bytes.
struct Object {
  std::string bucket{};
  std::string key{};
  std::string version{};  ///< random UUID of this version
  std::uint64_t size = 0;
  Bytes md5{};     ///< 16 bytes; the ETag
  Bytes sha256{};  ///< 32 bytes
  std::string content_type{};
  UserMetadata metadata{};
  std::string owner{};       ///< the `sub` of the token that wrote it: a user's UUID or a machine's client id
  std::string owner_name{};  ///< username, or the client id
  WallTime modified_at{};
  std::optional<BlobId> blob{};  ///< absent: the bytes are inline, in a row of their own

  bool operator==(const Object&) const = default;
};

/// Who asks, as the rules of ownership see it.
struct Caller {
  std::string subject{};  ///< the token's `sub`
  std::string name{};
  bool administrator = false;  ///< in group `admin` of the app's pool
};

}  // namespace holdfast::objects
