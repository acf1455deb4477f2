#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

namespace holdfast {

/// A string that names one kind of thing and cannot be passed where another kind is wanted.
template <class Tag>
class StrongId {
 public:
  StrongId() = default;
  explicit StrongId(std::string value) : value_(std::move(value)) {}

  [[nodiscard]] const std::string& str() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }
  auto operator<=>(const StrongId&) const = default;

 private:
  std::string value_;
};

/// 128 random bits drawn at `init`, the same in every region, as 32 hexadecimal digits.
using ClusterId = StrongId<struct ClusterIdTag>;
/// A region's name: lower-case letters, digits and dashes, 1–32 characters, like `us-east-1`.
using RegionName = StrongId<struct RegionNameTag>;
/// `<region>_<id>`, as Cognito writes it; part of the issuer.
using PoolId = StrongId<struct PoolIdTag>;
/// An app client of a pool; never looks like a UUID.
using ClientId = StrongId<struct ClientIdTag>;
/// A user's immutable `sub`, a UUID.
using UserId = StrongId<struct UserIdTag>;
/// An operator's chosen name for a registered application.
using AppId = StrongId<struct AppIdTag>;
/// 128 random bits in hexadecimal: one immutable blob.
using BlobId = StrongId<struct BlobIdTag>;

}  // namespace holdfast

template <class Tag>
struct std::hash<holdfast::StrongId<Tag>> {
  std::size_t operator()(const holdfast::StrongId<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};
