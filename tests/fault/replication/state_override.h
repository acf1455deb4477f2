#pragma once

#include "test_region.h"

namespace holdfast::test {

/// Overrides of the kind "state", whose greater value counts and which no row ever settles: what a beat
/// carries for a test. For `on_building`.
inline void register_state(TestRegion& region) {
  region.facts().register_override("state", {.compare = [](BytesView a, BytesView b) { return a <=> b; },
                                             .settled = [](const region::Override&) { return false; },
                                             .acceptable = {},
                                             .adopt = [](const region::Override&, const RegionName&,
                                                         storage::Transaction&) -> Result<> { return {}; },
                                             .changed = {}});
}

}  // namespace holdfast::test
