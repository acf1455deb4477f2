#pragma once

#include <functional>
#include <string>

#include "holdfast/base/result.h"
#include "holdfast/http/router.h"

namespace holdfast::api {

/// What the health endpoints ask. Every callback runs on I/O threads and answers from memory: health never
/// queues behind work, and an overloaded server still answers: a front door that takes a busy region for a
/// dead one would move its load onto the next.
struct HealthChecks {
  /// Unsealing, signing and the store work, and this region has been fully synced once; otherwise why not
  /// (code and message are shown).
  std::function<Result<>()> ready;
  /// This region can sign users in.
  std::function<bool()> takes_traffic;
  /// This region is the writable primary.
  std::function<bool()> takes_primary_traffic;
  /// `primary`, `secondary` or `fenced`, for people who look.
  std::function<std::string()> role;
  std::string region;
};

/// `GET /health/live`: 200 while the process answers. `GET /health/ready`: 200 or 503 with the reason. `GET
/// /health/traffic` and `?role=primary`: 200 or 503, by region role and readiness, never by app states.
/// Answers `{"status","region","role"}`, `status` being `ok` or a code, and beside a code `detail`.
void add_health_rows(http::Router& router, HealthChecks checks);

}  // namespace holdfast::api
