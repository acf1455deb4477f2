#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/region/region_state.h"

namespace holdfast::app {

/// Tells systemd, or whoever speaks its notify protocol, what this process is doing: one datagram of
/// `NAME=VALUE` lines to the socket that $NOTIFY_SOCKET names (sd_notify(3); docs/adr/0072 on why without its
/// library). Silent where the variable is not set. Never blocks and never fails the caller: a message that
/// cannot be sent is lost. Thread-safe.
class ServiceManager {
 public:
  /// Reads $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID; before the first other thread.
  static ServiceManager from_environment();
  /// `address` as $NOTIFY_SOCKET has it; empty: silent.
  explicit ServiceManager(std::string address, std::optional<std::chrono::microseconds> watchdog = {});
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;
  ~ServiceManager();

  /// After the start, and again after a reload.
  void ready();
  /// Before a reload; followed by ready().
  void reloading();
  void stopping();
  /// One line for people, as `systemctl status` shows it; the same line again is not sent twice.
  void status(const std::string& line);
  /// Proof of life, due at least once in every watchdog interval.
  void alive();

  /// How long it waits for proof of life; absent: it does not.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

 private:
  void send(std::string_view message) const;

  std::string address_;
  std::optional<std::chrono::microseconds> watchdog_;
  int socket_ = -1;
  std::mutex mutex_;
  std::string last_status_;
};

/// "primary, reign 2, incarnation 5"; "fenced: waiting for every member's highest reign".
std::string status_line(const region::RegionView& view);

}  // namespace holdfast::app
