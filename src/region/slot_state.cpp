#include "holdfast/region/slot_state.h"

namespace holdfast::region {

std::string_view to_string(SlotState state) {
  switch (state) {
    case SlotState::reserved:
      return "reserved";
    case SlotState::at_risk:
      return "at_risk";
    case SlotState::lost:
      return "lost";
  }
  return "lost";
}

}  // namespace holdfast::region
