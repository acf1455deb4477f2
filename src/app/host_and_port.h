#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::app {

struct HostAndPort {
  std::string host;
  std::uint16_t port = 0;
};
/// Of a checked "IP:PORT" (IPv6 in brackets).
HostAndPort split_address(std::string_view text);

/// Whether two sockets cannot be bound to these at once: one port, and the same address or all of them
/// (`0.0.0.0`, `[::]`) on either side.
bool collide(std::string_view address, std::string_view other);

}  // namespace holdfast::app
