#pragma once

#include <cstddef>
#include <string>

#include "holdfast/base/bytes.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/base/result.h"

namespace holdfast::region {

/// Something a region without write authority must not forget (a used code, a sign-out): it took effect here
/// at once and travels to the primary, which adds its effect to the log. Only ever towards refusal.
struct Fact {
  static constexpr std::size_t id_bytes = 16;

  std::string name;  ///< of a registered kind, like `session_revoked`
  Bytes id;          ///< random; the same fact delivered twice has one effect
  Bytes payload;
  RegionName origin;
  WallTime at;

  [[nodiscard]] Bytes encode() const;
  static Result<Fact> decode(BytesView bytes);
  bool operator==(const Fact&) const = default;
};

/// A setting made at a region that may not write the log, like an app's `failover`.
struct Override {
  std::string kind;  ///< of a registered merge, like `app_state`
  std::string key;   ///< within the kind, like the app id
  Bytes value;       ///< in the kind's own format, carrying what its order needs
  RegionName
      from{};  ///< in local.db alone: the member that said it, empty for this region; no peer is believed it

  [[nodiscard]] Bytes encode() const;
  static Result<Override> decode(BytesView bytes);
  bool operator==(const Override&) const = default;
};

}  // namespace holdfast::region
