#pragma once

#include <functional>
#include <mutex>
#include <string_view>
#include <vector>

#include "foundation.h"
#include "holdfast/base/result.h"
#include "holdfast/identity/identity.h"

namespace holdfast::app {

/// Whether what a region needs works: tried by the clock, answered from memory, so that health never waits
/// for a disk or a key. Thread-safe.
class Readiness {
 public:
  struct Check {
    std::string_view code;  ///< shown when it fails, like `store_not_working`
    std::function<Result<>()> run;
  };
  explicit Readiness(std::vector<Check> checks) : checks_(std::move(checks)) {}

  /// Tries everything, in order, up to the first that fails, which is logged when it is news. Blocking.
  void look();
  /// How the last look ended. `starting` (unavailable) before the first.
  [[nodiscard]] Result<> answer() const;

 private:
  const std::vector<Check> checks_;
  mutable std::mutex mutex_;
  Result<> last_ = fail(ErrorKind::unavailable, "starting", "this region has not looked at itself yet");
};

/// That the store reads (and writes, at a primary), that a sealed token opens again and that a pool's key
/// signs what verifies.
std::vector<Readiness::Check> readiness_checks(Foundation& base, identity::Identity& identity);

}  // namespace holdfast::app
