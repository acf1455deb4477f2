#pragma once

#include <chrono>
#include <cstddef>

#include "holdfast/http/server.h"
#include "holdfast/region/position_watch.h"

namespace holdfast::api {

/// A request that waits is one in work that costs its client nothing: an address, or many of them, must not
/// fill the server with those.
struct MinPositionLimits {
  std::chrono::milliseconds patience{2000};
  std::size_t most_waiting = 1024;
  std::size_t most_waiting_of_one_address = 128;
};

/// For every request of a listener: `Holdfast-Min-Position` is what an accepted write answered as
/// `Holdfast-Position`, at any region. The request waits here until this region has that position, so that a
/// client reads what it wrote; credentials are looked at afterwards, because they too may be that new.
/// Errors: `invalid_position` (400), `position_lost` (409), `position_pending` (503, after `patience`, or at
/// once where too many wait). Copies share the limits. `watch` outlives the listener.
http::Preparation min_position(region::PositionWatch& watch, MinPositionLimits limits = {});

}  // namespace holdfast::api
