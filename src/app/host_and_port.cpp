#include "host_and_port.h"

namespace holdfast::app {
namespace {

bool is_every_address(std::string_view host) { return host == "0.0.0.0" || host == "::"; }

}  // namespace

HostAndPort split_address(std::string_view text) {
  const auto colon = text.rfind(':');
  auto host = text.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return {.host = std::string(host),
          .port = static_cast<std::uint16_t>(std::stoul(std::string(text.substr(colon + 1))))};
}

bool collide(std::string_view address, std::string_view other) {
  const auto [host, port] = split_address(address);
  const auto [other_host, other_port] = split_address(other);
  return port == other_port && (host == other_host || is_every_address(host) || is_every_address(other_host));
}

}  // namespace holdfast::app
