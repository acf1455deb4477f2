#include "holdfast/api/role_watch.h"

namespace holdfast::api {

RoleWatch::RoleWatch(region::RegionState& state, const Clock& clock)
    : role_(state.role()),
      since_micros_(to_micros(clock.now())),
      subscription_(state.on_change([this, clock = &clock](const region::RegionView& view) {
        if (role_.exchange(view.role) != view.role) since_micros_ = to_micros(clock->now());
      })) {}

}  // namespace holdfast::api
