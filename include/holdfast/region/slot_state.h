#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast::region {

/// How safe it is that a member can still catch up from the log.
enum class SlotState : std::uint8_t {
  reserved = 1,  ///< the log is kept for it
  at_risk = 2,   ///< most of the byte cap is kept for it
  lost = 3,      ///< beyond the cap: its log is gone, it needs a snapshot
};

/// `reserved`, `at_risk`, `lost`.
std::string_view to_string(SlotState state);

}  // namespace holdfast::region
