#include "holdfast/apps/app_rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

#include "holdfast/base/text.h"

namespace holdfast::apps {
namespace {

using namespace std::string_view_literals;

constexpr std::array states{AppState::active, AppState::fenced, AppState::failover};

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

Result<> bad_app(std::string message) { return fail(ErrorKind::invalid, "invalid_app", std::move(message)); }

Result<> bad_origin(std::string_view origin) {
  return bad_app(
      "origins: '" + std::string(origin) +
      "' is not an exact origin: https://host[:port], lower case, no default port, no path (http only for "
      "localhost)");
}

bool is_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) {
    const auto inside = host.substr(1, host.size() - 2);
    return !inside.empty() && std::ranges::all_of(inside, [](char c) {
      return c == ':' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
  }
  return !host.empty() && host.size() <= 253 && is_lower_or_digit(host.front()) &&
         is_lower_or_digit(host.back()) && host.find("..") == std::string_view::npos &&
         std::ranges::all_of(host, [](char c) { return is_lower_or_digit(c) || c == '-' || c == '.'; });
}

// A port that a browser would write: no leading zero, not the scheme's default.
bool is_explicit_port(std::string_view port, std::string_view default_port) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return error == std::errc{} && end == port.data() + port.size() && port.front() != '0' &&
         number <= 65'535 && port != default_port;
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

template <class Items>
bool has_repeats(const Items& items) {
  auto sorted = items;
  std::ranges::sort(sorted);
  return std::ranges::adjacent_find(sorted) != sorted.end();
}

}  // namespace

std::string_view to_string(AppState state) {
  switch (state) {
    case AppState::active:
      return "active";
    case AppState::failover:
      return "failover";
    case AppState::fenced:
      return "fenced";
  }
  return "active";
}

Result<> check_app_id(std::string_view id) {
  const bool shaped =
      !id.empty() && id.size() <= max_app_id_bytes && is_alphanumeric(id.front()) &&
      std::ranges::all_of(id, [](char c) { return is_alphanumeric(c) || "._-"sv.contains(c); });
  if (shaped) return {};
  return bad_app("appId: 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit");
}

Result<> check_web_origin(std::string_view origin) {
  const bool https = origin.starts_with("https://");
  if (!https && !origin.starts_with("http://")) return bad_origin(origin);
  const auto authority = origin.substr(https ? 8 : 7);
  // The last colon outside brackets begins the port.
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  const auto host = has_port ? authority.substr(0, colon) : authority;
  const auto port = has_port ? authority.substr(colon + 1) : std::string_view{};
  if (!is_host(host) || (!https && !is_loopback(host))) return bad_origin(origin);
  if (has_port && (port.empty() || !is_explicit_port(port, https ? "443" : "80"))) return bad_origin(origin);
  return {};
}

Result<> check_app(const App& app) {
  TRY_VOID(check_app_id(app.id.str()));
  if (app.pool.empty()) return bad_app("pool: an app belongs to exactly one pool");
  if (app.clients.size() > max_app_clients) return bad_app("clients: at most 64");
  if (has_repeats(app.clients)) return bad_app("clients: listed twice");
  if (app.web_origins.size() > max_app_origins) return bad_app("origins: at most 32");
  if (has_repeats(app.web_origins)) return bad_app("origins: listed twice");
  for (const auto& origin : app.web_origins) TRY_VOID(check_web_origin(origin));
  return {};
}

bool allows_origin(const App& app, std::string_view origin) {
  return std::ranges::find(app.web_origins, origin) != app.web_origins.end();
}

bool allows_client(const App& app, const ClientId& client) {
  return !client.empty() && std::ranges::find(app.clients, client) != app.clients.end();
}

Result<AppState> parse_state(std::string_view text) {
  for (const auto state : states) {
    if (text == to_string(state)) return state;
  }
  return fail(ErrorKind::invalid, "invalid_state", "state must be one of: active, fenced, failover");
}

Result<AppState> parse_state_loosely(std::string_view text) {
  return parse_state(to_lower_ascii(trim(text)));
}

StateRecord first_state(std::uint32_t reign, std::string_view who, WallTime now) {
  return {.state = AppState::active,
          .reign = reign,
          .version = 1,
          .changed_at = now,
          .changed_by = std::string(who)};
}

bool wins(const StateRecord& candidate, const StateRecord& current) {
  return std::tuple(candidate.reign, candidate.version, candidate.state) >
         std::tuple(current.reign, current.version, current.state);
}

const StateRecord& effective_state(const StateRecord& stored,
                                   const std::optional<StateRecord>& local_override) {
  return local_override && wins(*local_override, stored) ? *local_override : stored;
}

Result<StateRecord> change_state(const StateRecord& effective, AppState wanted, StateAuthority authority,
                                 std::string_view who, WallTime now) {
  if (wanted == effective.state) {
    return fail(ErrorKind::conflict, "state_unchanged",
                "the app's state is already " + std::string(to_string(wanted)));
  }
  if (!authority.may_write && wanted == AppState::active) {
    return fail(ErrorKind::read_only, "read_only_region",
                "this region is not the writable primary: it sets only fenced or failover");
  }
  return StateRecord{.state = wanted,
                     .reign = std::max(effective.reign, authority.reign),
                     .version = effective.version + 1,
                     .changed_at = now,
                     .changed_by = std::string(who)};
}

bool may_be_override(const StateRecord& claimed, const StateRecord& stored, std::uint32_t reign) {
  return claimed.state != AppState::active && claimed.origin != StateOrigin::promotion &&
         claimed.reign <= reign && claimed.version <= stored.version + max_override_steps;
}

std::optional<StateRecord> state_after_promotion(const StateRecord& effective, std::uint32_t new_reign,
                                                 bool activate, std::string_view who, WallTime now) {
  if (effective.state != AppState::failover) return std::nullopt;
  return StateRecord{.state = activate ? AppState::active : AppState::fenced,
                     .reign = new_reign,
                     .version = effective.version + 1,
                     .changed_at = now,
                     .changed_by = std::string(who),
                     .origin = StateOrigin::promotion};
}

Result<> check_writes_allowed(AppState state) {
  switch (state) {
    case AppState::active:
      return {};
    case AppState::fenced:
      return fail(ErrorKind::conflict, "app_fenced",
                  "the app's state is fenced: comments and uploads are refused");
    case AppState::failover:
      return fail(ErrorKind::conflict, "app_failed_over",
                  "the app's state is failover: comments and uploads are refused");
  }
  return fail(ErrorKind::internal, "internal", "unknown app state");
}

std::string region_for(AppState state, const std::vector<RoutedRegion>& regions) {
  std::string best;
  for (const auto& region : regions) {
    if (state != AppState::failover) {
      if (region.is_primary) return region.name;
      continue;
    }
    if (region.is_primary || !region.live) continue;
    if (region.answering) return region.name;
    if (best.empty() || region.name < best) best = region.name;
  }
  return best;
}

}  // namespace holdfast::apps
