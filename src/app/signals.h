#pragma once

#include <signal.h>

namespace holdfast::app {

/// SIGTERM, SIGINT and SIGHUP for a thread that waits. Built before the first other thread, so that all of
/// them have these signals blocked and only `wait` sees them.
class Signals {
 public:
  Signals();
  /// The next of them.
  [[nodiscard]] int wait() const;

 private:
  sigset_t set_{};
};

}  // namespace holdfast::app
