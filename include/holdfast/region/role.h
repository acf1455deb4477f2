#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast::region {

/// What this region may do with replicated data.
enum class Role : std::uint8_t {
  primary = 1,    ///< accepts replicated writes
  secondary = 2,  ///< applies the primary's log, signs users in, refuses other writes
  fenced = 3,     ///< may not write until it knows that no other region may; still signs users in
};

/// Why a region is fenced; decides what gets it out again and whether it should be sent traffic.
enum class FenceReason : std::uint8_t {
  none = 0,
  waiting_for_peers =
      1,  ///< booted as a former primary; not all members have answered with their highest reign
  higher_reign =
      2,  ///< a verified term of a higher reign (or the same reign with a lower nonce) exists elsewhere
  peer_is_further = 3,  ///< a peer holds more of this region's own last term: pull that tail first
  recovered_short = 4,  ///< the store recovered below its watermark: the log lost its tail
  by_operator = 5,      ///< an operator's act
  store_failed = 6,     ///< a background error closed the store for this process's life
};

/// `primary`, `secondary`, `fenced`.
std::string_view to_string(Role role);
/// One short clause for humans, e.g. "waiting for every member's highest reign".
std::string_view to_string(FenceReason reason);

}  // namespace holdfast::region
