#include "service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "holdfast/base/clock.h"

namespace holdfast::app {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Absent as well where it is meant for another process: a wrapper that did not remove the variables.
std::optional<std::chrono::microseconds> watchdog_of_environment() {
  const auto meant_for = environment("WATCHDOG_PID");
  if (!meant_for.empty() && whole_number(meant_for) != static_cast<std::uint64_t>(getpid()))
    return std::nullopt;
  const auto interval = whole_number(environment("WATCHDOG_USEC"));
  if (!interval || *interval == 0) return std::nullopt;
  return std::chrono::microseconds(*interval);
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
  return ServiceManager(std::string(environment("NOTIFY_SOCKET")), watchdog_of_environment());
}

ServiceManager::ServiceManager(std::string address, std::optional<std::chrono::microseconds> watchdog)
    : address_(std::move(address)) {
  const bool usable = (address_.starts_with('/') || address_.starts_with('@')) &&
                      address_.size() < sizeof(sockaddr_un::sun_path);
  if (!usable) return;
  watchdog_ = watchdog;
  socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

ServiceManager::~ServiceManager() {
  if (socket_ >= 0) close(socket_);
}

void ServiceManager::ready() { send("READY=1"); }

void ServiceManager::reloading() {
  // The time stamp is what systemd 253 and later ask for, to tell this reload from an earlier one.
  const auto now =
      std::chrono::duration_cast<std::chrono::microseconds>(system_clock().steady_now().time_since_epoch());
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()));
}

void ServiceManager::stopping() { send("STOPPING=1"); }

void ServiceManager::alive() { send("WATCHDOG=1"); }

void ServiceManager::status(const std::string& line) {
  const std::scoped_lock lock(mutex_);
  if (line == last_status_) return;
  last_status_ = line;
  send("STATUS=" + line);
}

void ServiceManager::send(std::string_view message) const {
  if (socket_ < 0) return;
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  std::memcpy(target.sun_path, address_.data(), address_.size());
  const bool is_abstract = address_.front() == '@';
  if (is_abstract) target.sun_path[0] = '\0';
  // An abstract name ends with the address, a path with its zero byte.
  const auto size = offsetof(sockaddr_un, sun_path) + address_.size() + (is_abstract ? 0 : 1);
  (void)sendto(socket_, message.data(), message.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&target), static_cast<socklen_t>(size));
}

std::string status_line(const region::RegionView& view) {
  std::string line(region::to_string(view.role));
  switch (view.role) {
    case region::Role::primary:
      return line + ", reign " + std::to_string(view.term.reign) + ", incarnation " +
             std::to_string(view.term.incarnation);
    case region::Role::secondary:
      if (!view.primary) return line + ", no primary known";
      return line + " of " + view.primary->name.str() + (view.cut_off_since ? ", cut off from it" : "");
    case region::Role::fenced:
      break;
  }
  return line + ": " + std::string(region::to_string(view.fence_reason));
}

}  // namespace holdfast::app
