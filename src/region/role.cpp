#include "holdfast/region/role.h"

namespace holdfast::region {

std::string_view to_string(Role role) {
  switch (role) {
    case Role::primary:
      return "primary";
    case Role::secondary:
      return "secondary";
    case Role::fenced:
      return "fenced";
  }
  return "fenced";
}

std::string_view to_string(FenceReason reason) {
  switch (reason) {
    case FenceReason::none:
      return "not fenced";
    case FenceReason::waiting_for_peers:
      return "waiting for every member's highest reign";
    case FenceReason::higher_reign:
      return "another region has opened a higher reign";
    case FenceReason::peer_is_further:
      return "a peer holds more of this region's own last term";
    case FenceReason::recovered_short:
      return "the store recovered below its watermark";
    case FenceReason::by_operator:
      return "fenced by an operator";
    case FenceReason::store_failed:
      return "the store failed";
  }
  return "unknown";
}

}  // namespace holdfast::region
