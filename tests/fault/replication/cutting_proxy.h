#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace holdfast::test {

/// A TCP relay on loopback that misbehaves on demand. Runs on a thread of its own.
class CuttingProxy {
 public:
  CuttingProxy();
  ~CuttingProxy();

  [[nodiscard]] std::uint16_t port() const;
  void forward_to(std::uint16_t port);

  /// The n-th connection from now on (0, 1, …) is cut after `first_bytes + n * more_bytes` bytes in both
  /// directions together; 0 first bytes: never.
  void cut_after(std::uint64_t first_bytes, std::uint64_t more_bytes);
  /// From now on nothing passes in that direction, and nobody is told.
  void swallow(bool from_dialler, bool from_host);
  /// Connections from now on hold little in the kernel here: a host feels how slowly its bytes go on.
  void hold_little();
  /// From now on so many bytes a second come from the host on each connection; 0: as many as there are.
  void slow_down(std::uint64_t bytes_per_second);
  /// From now on what comes from the host waits here; what waited goes on when this ends.
  void hold(bool held);
  [[nodiscard]] std::uint64_t connections() const;
  /// How many of these are open.
  [[nodiscard]] std::uint64_t open() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace holdfast::test
