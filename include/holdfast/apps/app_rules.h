#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "holdfast/apps/app_model.h"
#include "holdfast/base/result.h"

namespace holdfast::apps {

/// Bounds of the registry. An app row stays far below a transaction's bound.
constexpr std::size_t max_app_id_bytes = 64;
constexpr std::size_t max_app_clients = 64;
constexpr std::size_t max_app_origins = 32;

/// 1–64 of letters, digits, `.`, `_`, `-`, the first a letter or digit: safe in URLs, logs and file names.
Result<> check_app_id(std::string_view id);

/// An origin exactly as a browser sends it: `https://host[:port]`, lower case, no default port, no path;
/// plain `http` only for a loopback host.
Result<> check_web_origin(std::string_view origin);

/// Everything about an app that can be judged without the store.
Result<> check_app(const App& app);

/// True if `origin` is literally one of the app's.
bool allows_origin(const App& app, std::string_view origin);
bool allows_client(const App& app, const ClientId& client);

/// Exact lower case; anything else is `invalid_state` (422), whose message lists the accepted ones.
Result<AppState> parse_state(std::string_view text);
/// As parse_state, after trimming and in any case: what the AWS solution's updater sends.
Result<AppState> parse_state_loosely(std::string_view text);

/// The state an app is born with.
StateRecord first_state(std::uint32_t reign, std::string_view who, WallTime now);

/// True if `candidate` beats `current`: higher (reign, version), ties fenced > failover > active.
bool wins(const StateRecord& candidate, const StateRecord& current);

/// The log's record, or the override where that wins.
const StateRecord& effective_state(const StateRecord& stored,
                                   const std::optional<StateRecord>& local_override);

/// What a region may do about a state.
struct StateAuthority {
  bool may_write = false;   ///< this region is the writable primary
  std::uint32_t reign = 0;  ///< the highest reign it knows
};

/// How far beyond the log's version overrides may have gone while the primary was away.
inline constexpr std::uint64_t max_override_steps = 1000;

/// Whether a region without write authority could have set `claimed` on top of what the log holds: only
/// `fenced` or `failover`, in no reign above `reign` (the highest that is verified here), by steps of one.
bool may_be_override(const StateRecord& claimed, const StateRecord& stored, std::uint32_t reign);

/// The next record when an operator sets `wanted`: same state → 409 `state_unchanged`; a region without write
/// authority sets only `fenced` or `failover`, else `read_only_region` (421).
Result<StateRecord> change_state(const StateRecord& effective, AppState wanted, StateAuthority authority,
                                 std::string_view who, WallTime now);

/// What a promotion's first batch makes of a state: `failover` becomes `fenced` (or `active` when asked)
/// under the new reign; others stay, so nothing is returned.
std::optional<StateRecord> state_after_promotion(const StateRecord& effective, std::uint32_t new_reign,
                                                 bool activate, std::string_view who, WallTime now);

/// `app_fenced` or `app_failed_over` (409) unless writes are allowed.
Result<> check_writes_allowed(AppState state);

/// A region as clients see it in the routing answer.
struct RoutedRegion {
  std::string name{};
  bool is_primary = false;
  bool live = false;       ///< heard within the silence limit; the answering region is live
  bool answering = false;  ///< the region that answers this very request
};

/// The region that clients are pointed at: the primary while active or fenced; in failover the answering
/// region if it is a secondary, else the first live secondary by name. Empty when there is none.
std::string region_for(AppState state, const std::vector<RoutedRegion>& regions);

}  // namespace holdfast::apps
