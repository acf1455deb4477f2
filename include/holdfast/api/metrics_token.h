#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/base/bytes.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/result.h"
#include "holdfast/base/secret.h"

namespace holdfast::api {

/// The token that `init` or `join` made for this region's /metrics: opens that and nothing else, also before
/// the first sync, when the store holds no admin token yet.
struct MetricsToken {
  Bytes hash;  ///< SHA-256 of the token
  WallTime created;
  WallTime expires;

  /// Names it in lists and in the audit trail.
  [[nodiscard]] std::string id() const;
};

/// `hfm_` and 256 random bits: recognisable where it leaks.
Secret new_metrics_token();
Bytes metrics_token_hash(BytesView token);

/// This region's own token while the daemon runs: there or not, until it is revoked for good. Thread-safe.
class OwnMetricsToken {
 public:
  /// `erase` removes the stored one; it may block on disk.
  explicit OwnMetricsToken(std::optional<MetricsToken> stored = {}, std::function<Result<>()> erase = {});

  [[nodiscard]] std::optional<MetricsToken> current() const;
  [[nodiscard]] bool admits(BytesView token, WallTime now) const;
  /// It opens nothing from now on, after a restart neither. `not_found` when it is none of this name. Blocks
  /// on disk.
  Result<> revoke(std::string_view id);

 private:
  mutable std::mutex mutex_;
  std::optional<MetricsToken> token_;
  std::function<Result<>()> erase_;
};

}  // namespace holdfast::api
