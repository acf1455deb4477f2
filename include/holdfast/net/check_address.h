#pragma once

#include <cstdint>
#include <string>

#include "holdfast/base/result.h"

namespace holdfast::net {

/// Whether a listener could be bound there now: binds and lets go. The errors of Listener::open.
Result<> check_address(const std::string& address, std::uint16_t port);

}  // namespace holdfast::net
