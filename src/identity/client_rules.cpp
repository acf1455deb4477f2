#include "holdfast/identity/client_rules.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "holdfast/base/encoding.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/identity/pool_rules.h"
#include "holdfast/identity/user_rules.h"
#include "holdfast/identity/verified_user.h"
#include "random_text.h"

namespace holdfast::identity {
namespace {

constexpr std::string_view client_id_letters = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t client_id_size = 26;
constexpr std::size_t max_list_size = 100;
constexpr std::size_t max_uri_size = 1024;
constexpr std::array<Flow, 6> all_flows = {Flow::user_password,      Flow::refresh_token,
                                           Flow::client_credentials, Flow::authorization_code,
                                           Flow::user_srp,           Flow::admin_user_password};
// Scopes that stand for a signed-in user; a machine must not carry them.
constexpr std::array<std::string_view, 5> user_scopes = {"openid", "email", "phone", "profile",
                                                         self_service_scope};

std::unexpected<Error> invalid_client(std::string message) {
  return fail(ErrorKind::invalid, "invalid_client_settings", std::move(message));
}

bool is_user_scope(std::string_view scope) {
  return std::ranges::find(user_scopes, scope) != user_scopes.end();
}

// What follows `http:`: a loopback host, perhaps a port, a path. `//localhost:80@elsewhere/` is elsewhere.
bool names_this_machine(std::string_view rest) {
  for (const std::string_view host : {"//localhost", "//127.0.0.1", "//[::1]"}) {
    if (!rest.starts_with(host)) continue;
    std::string_view behind = rest.substr(host.size());
    if (behind.starts_with(':')) {
      behind.remove_prefix(std::min(behind.find_first_not_of("0123456789", 1), behind.size()));
    }
    return behind.empty() || behind.starts_with('/');
  }
  return false;
}

// RFC 6749 §3.1.2: absolute, no fragment. http only for this machine, for development.
bool is_redirect_uri(std::string_view uri) {
  if (uri.empty() || uri.size() > max_uri_size) return false;
  if (std::ranges::any_of(uri, [](char c) { return c <= 0x20 || c >= 0x7f || c == '#'; })) return false;
  const auto colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view scheme = uri.substr(0, colon);
  if (scheme == "javascript" || scheme == "data" || scheme == "file") return false;
  if (scheme == "https")
    return uri.size() > std::string_view("https://").size() && uri.starts_with("https://");
  if (scheme == "http") return names_this_machine(uri.substr(colon + 1));
  // RFC 8252 §7.1: an app's own scheme.
  return std::ranges::all_of(scheme, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+';
  });
}

Result<> check_uris(std::string_view field, const std::vector<std::string>& uris) {
  if (uris.size() > max_list_size) return invalid_client(std::string(field) + " has at most 100 entries");
  if (std::ranges::all_of(uris, is_redirect_uri)) return {};
  return invalid_client(std::string(field) +
                        " must be absolute https URIs (http for localhost, or an app's own scheme)");
}

Result<> check_scopes(const Client& client) {
  if (client.scopes.size() > max_list_size) return invalid_client("scopes has at most 100 entries");
  std::set<std::string_view> seen;
  for (const std::string& scope : client.scopes) {
    if (!is_scope(scope))
      return invalid_client("a scope is 1 to 128 printable ASCII characters without space");
    if (!seen.insert(scope).second) return invalid_client("scope " + scope + " is there twice");
  }
  return {};
}

Result<> check_flows(const Client& client) {
  const std::set<Flow> flows(client.flows.begin(), client.flows.end());
  if (flows.size() != client.flows.size()) return invalid_client("a flow is there twice");
  if (!allows(client, Flow::client_credentials)) return {};
  if (!client.is_confidential()) return invalid_client("client_credentials needs a confidential client");
  if (std::ranges::all_of(client.scopes, is_user_scope)) {
    return invalid_client("client_credentials needs at least one scope of its own");
  }
  return {};
}

Result<> check_client_lifetimes(const Client& client) {
  // The pool's bounds hold for each override; those that are absent take the value that refuses nothing.
  Lifetimes lifetimes;
  lifetimes.access = client.access_lifetime.value_or(std::chrono::minutes(5));
  lifetimes.id = client.id_lifetime.value_or(std::chrono::minutes(5));
  lifetimes.refresh = client.refresh_lifetime.value_or(longest_refresh_lifetime);
  TRY_VOID(check_lifetimes(lifetimes));
  if (client.rotation_grace < std::chrono::seconds(0) || client.rotation_grace > std::chrono::seconds(60)) {
    return invalid_client("rotationGraceSeconds must be between 0 and 60");
  }
  return {};
}

}  // namespace

ClientId new_client_id(crypto::Entropy& entropy) {
  return ClientId(random_text(client_id_letters, client_id_size, entropy));
}

bool is_client_id(std::string_view text) {
  return text.size() == client_id_size && text.find_first_not_of(client_id_letters) == std::string_view::npos;
}

std::string new_client_secret(crypto::Entropy& entropy) {
  return random_text(client_id_letters, 52, entropy);
}

Result<> check_client(const Client& client) {
  if (client.name.empty() || client.name.size() > max_pool_name_size || !is_printable(client.name)) {
    return invalid_client("name must be 1 to 128 printable bytes");
  }
  TRY_VOID(check_scopes(client));
  TRY_VOID(check_flows(client));
  TRY_VOID(check_uris("redirectUris", client.redirect_uris));
  TRY_VOID(check_uris("logoutUris", client.logout_uris));
  for (const std::string& name : client.writable_attributes) {
    if (is_verified_flag(name) || (!is_standard_attribute(name) && !is_custom_attribute_name(name))) {
      return invalid_client(
          "writableAttributes takes standard and custom: attributes, never the *_verified ones");
    }
  }
  return check_client_lifetimes(client);
}

bool allows(const Client& client, Flow flow) {
  return std::ranges::find(client.flows, flow) != client.flows.end();
}

Lifetimes lifetimes_of(const Pool& pool, const Client& client) {
  Lifetimes lifetimes = pool.lifetimes;
  lifetimes.access = client.access_lifetime.value_or(lifetimes.access);
  lifetimes.id = client.id_lifetime.value_or(lifetimes.id);
  lifetimes.refresh = client.refresh_lifetime.value_or(lifetimes.refresh);
  return lifetimes;
}

Result<std::vector<std::string>> grant_scopes(std::span<const std::string> allowed,
                                              std::optional<std::string_view> requested) {
  if (!requested) return std::vector<std::string>(allowed.begin(), allowed.end());
  std::vector<std::string> granted;
  std::string_view rest = *requested;
  while (!rest.empty()) {
    const auto space = std::min(rest.find(' '), rest.size());
    const std::string_view scope = rest.substr(0, space);
    rest.remove_prefix(std::min(space + 1, rest.size()));
    if (scope.empty()) continue;
    if (std::ranges::find(allowed, scope) == allowed.end()) {
      return fail(ErrorKind::invalid, "invalid_scope",
                  "a scope that was asked for is not allowed for this client");
    }
    if (std::ranges::find(granted, scope) == granted.end()) granted.emplace_back(scope);
  }
  if (granted.empty()) return fail(ErrorKind::invalid, "invalid_scope", "the scope parameter names no scope");
  return granted;
}

std::vector<std::string> machine_scopes(const Client& client) {
  std::vector<std::string> scopes;
  std::ranges::copy_if(client.scopes, std::back_inserter(scopes),
                       [](const std::string& scope) { return !is_user_scope(scope); });
  return scopes;
}

bool is_scope(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

std::string secret_hash(const Client& client, std::string_view username) {
  return to_base64(crypto::hmac_sha256(client.secret, std::string(username) + client.id.str()));
}

bool check_secret_hash(const Client& client, std::string_view username,
                       std::optional<std::string_view> given) {
  if (!client.is_confidential()) return !given.has_value();
  return given && crypto::equal_constant_time(*given, secret_hash(client, username));
}

bool check_client_secret(const Client& client, std::string_view given) {
  return client.is_confidential() && crypto::equal_constant_time(given, client.secret);
}

std::string_view to_string(Flow flow) {
  switch (flow) {
    case Flow::user_password:
      return "USER_PASSWORD_AUTH";
    case Flow::refresh_token:
      return "REFRESH_TOKEN_AUTH";
    case Flow::client_credentials:
      return "client_credentials";
    case Flow::authorization_code:
      return "authorization_code";
    case Flow::user_srp:
      return "USER_SRP_AUTH";
    case Flow::admin_user_password:
      return "ADMIN_USER_PASSWORD_AUTH";
  }
  return "";
}

Result<Flow> parse_flow(std::string_view text) {
  // Cognito writes the same flows with ALLOW_ before them.
  if (text.starts_with("ALLOW_")) text.remove_prefix(6);
  if (text == "refresh_token") return Flow::refresh_token;
  for (const Flow flow : all_flows) {
    if (to_string(flow) == text) return flow;
  }
  return invalid_client(
      "flows takes USER_PASSWORD_AUTH, REFRESH_TOKEN_AUTH, client_credentials, authorization_code, "
      "USER_SRP_AUTH and "
      "ADMIN_USER_PASSWORD_AUTH");
}

}  // namespace holdfast::identity
