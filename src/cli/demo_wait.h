#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "holdfast/base/result.h"

namespace holdfast::cli {

/// What one look at an awaited thing has seen.
struct Look {
  bool done = false;
  std::string seen = {};  ///< "HTTP status 503", "nothing listens there": told when time is up
};

/// Of a request: done with status 200.
Look look_at(const Result<int>& status);

/// What the demo waits for, and what it tells when it gives up.
struct Wait {
  std::string what;   ///< "us-east-1"
  std::string asked;  ///< "GET https://localhost:8443/health/ready"
  std::filesystem::path log_file;
  std::chrono::milliseconds patience{60'000};
};

/// Looks again and again until it is done. An error of `look` ends the wait, as do the signals that end a
/// demo (code `interrupted`). When time is up: `unavailable` with what was asked and seen last. Both errors
/// end in the last lines of the log.
Result<> wait_for(const Wait& wait, const std::function<Result<Look>()>& look);

}  // namespace holdfast::cli
