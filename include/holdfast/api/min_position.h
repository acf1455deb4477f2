#pragma once

#include <chrono>

#include "holdfast/http/server.h"
#include "holdfast/region/position_watch.h"

namespace holdfast::api {

inline constexpr std::chrono::milliseconds min_position_patience{2000};

/// For every request of a listener: `Holdfast-Min-Position` is what an accepted write answered as
/// `Holdfast-Position`, at any region. The request waits here until this region has that position, so that a
/// client reads what it wrote; credentials are looked at afterwards, because they too may be that new.
/// Errors: `invalid_position` (400), `position_lost` (409), `position_pending` (503, after `patience`).
/// `watch` outlives the listener.
http::Preparation min_position(region::PositionWatch& watch,
                               std::chrono::milliseconds patience = min_position_patience);

}  // namespace holdfast::api
