#include "ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <random>

namespace holdfast::cli {
namespace {

/// Binds and closes; gives the port, or 0 when it is taken.
std::uint16_t probe_port(std::uint16_t port) {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return 0;
  const int on = 1;
  setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // a listener's old connections do not count
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(probe, 1) == 0 &&
                     getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(probe);
  return bound ? ntohs(address.sin_port) : 0;
}

/// Below the range that kernels give to outgoing connections (32768 and up): one of those could take the port
/// between the probe and the listener, seconds later. By chance, so that two demos that start together part.
std::uint16_t some_port() {
  std::random_device random;
  return std::uniform_int_distribution<std::uint16_t>(10240, 32767)(random);
}

}  // namespace

Result<std::vector<std::uint16_t>> free_ports(std::uint16_t base, std::size_t count) {
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t port = probe_port(static_cast<std::uint16_t>(base + i));
    for (int tries = 0; tries < 64 && (port == 0 || std::ranges::find(ports, port) != ports.end()); ++tries) {
      port = probe_port(some_port());
    }
    if (port == 0) return fail(ErrorKind::unavailable, "unavailable", "no free port on 127.0.0.1");
    ports.push_back(port);
  }
  return ports;
}

}  // namespace holdfast::cli
