#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"

namespace holdfast::apps {

/// The state of an app. The order is the strength that breaks ties between equal versions: the later one
/// wins. The numbers are on disk.
enum class AppState : std::uint8_t { active = 1, failover = 2, fenced = 3 };

/// The lower-case word of the API.
std::string_view to_string(AppState state);

/// Who moved the state. A proposal (automatic failover) is void once a primary that never stopped is heard
/// again; an operator's setting is not. The numbers are on disk.
enum class StateOrigin : std::uint8_t { operator_set = 1, proposal = 2, promotion = 3 };

/// One setting of an app's state. Settings are ordered by (reign, version), ties by the strength of the
/// state; versions step by one. Version 1 is the `active` that an app is born with.
struct StateRecord {
  AppState state = AppState::active;
  std::uint32_t reign = 0;
  std::uint64_t version = 0;
  WallTime changed_at{};
  std::string changed_by{};  ///< the operator's name
  StateOrigin origin = StateOrigin::operator_set;

  bool operator==(const StateRecord&) const = default;
};

/// A registered application: which tokens open it, where its objects live, which web pages may call on its
/// behalf.
struct App {
  AppId id{};
  PoolId pool{};
  std::vector<ClientId> clients{};         ///< the pool's clients whose tokens are accepted; none: nobody
  std::string bucket{};                    ///< empty: the app has no objects
  std::vector<std::string> web_origins{};  ///< exact serialised origins (RFC 6454 §6.2), never `null` or `*`
  bool accept_id_token = false;            ///< ID tokens open comments too
  bool automatic_failover = false;         ///< secondaries may propose `failover`
  WallTime created_at{};

  bool operator==(const App&) const = default;
};

}  // namespace holdfast::apps
