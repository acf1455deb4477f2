#include "holdfast/identity/token_claims.h"

#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "holdfast/base/json.h"
#include "holdfast/base/json_writer.h"
#include "holdfast/identity/user_rules.h"

namespace holdfast::identity {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

std::string joined(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text.push_back(' ');
    text.append(word);
  }
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto space = std::min(text.find(' '), text.size());
    if (space > 0) words.emplace_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return words;
}

ordered_json common_claims(const TokenContext& context, std::string_view subject,
                           std::chrono::seconds lifetime, std::string_view jti) {
  const std::int64_t now = to_seconds(context.issued_at);
  ordered_json claims;
  claims["sub"] = subject;
  claims["iss"] = context.issuer;
  claims["jti"] = jti;
  claims["iat"] = now;
  claims["exp"] = now + lifetime.count();
  claims["auth_time"] = to_seconds(context.auth_time);
  return claims;
}

void add_user_claims(ordered_json& claims, const TokenContext& context, std::span<const std::string> groups) {
  claims["origin_jti"] = context.origin_jti;
  claims["event_id"] = context.event_id;
  if (!groups.empty()) claims["cognito:groups"] = std::vector<std::string>(groups.begin(), groups.end());
}

// Attributes are text; these claims are not (OpenID Connect Core 1.0 §5.1).
ordered_json attribute_claim(const std::string& name, const std::string& value) {
  if (is_verified_flag(name)) return value == "true";
  if (name == "address") return ordered_json{{"formatted", value}};
  if (name == "updated_at") {
    std::int64_t seconds = 0;
    std::from_chars(value.data(), value.data() + value.size(), seconds);
    return seconds;
  }
  return value;
}

std::string dumped(const ordered_json& claims) { return to_json_text(claims); }

std::unexpected<Error> unreadable(std::string detail) {
  return fail(ErrorKind::unauthenticated, "invalid_token", "the token is not valid", std::move(detail));
}

// RFC 7519 §2: NumericDate may have a fraction; ours never do, and a huge one must not overflow.
std::optional<WallTime> numeric_date(const json& claims, std::string_view name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_number_integer()) return std::nullopt;
  const auto seconds = found->get<std::int64_t>();
  if (seconds < 0 || seconds > std::int64_t{1} << 40) return std::nullopt;
  return WallTime(std::chrono::seconds(seconds));
}

std::string text_claim(const json& claims, std::string_view name) {
  const auto found = claims.find(name);
  return found != claims.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> texts_claim(const json& claims, std::string_view name) {
  std::vector<std::string> texts;
  const auto found = claims.find(name);
  if (found == claims.end()) return texts;
  if (found->is_string()) return {found->get<std::string>()};
  if (!found->is_array()) return texts;
  for (const json& item : *found) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

}  // namespace

std::string issuer_of(std::string_view issuer_base, const PoolId& pool) {
  return std::string(issuer_base) + "/" + pool.str();
}

std::string access_token_payload(const TokenContext& context, const User& user,
                                 std::span<const std::string> groups, std::chrono::seconds lifetime,
                                 std::string_view jti) {
  ordered_json claims = common_claims(context, user.id.str(), lifetime, jti);
  add_user_claims(claims, context, groups);
  claims["client_id"] = context.client.str();
  claims["token_use"] = "access";
  claims["scope"] = joined(context.scopes);
  claims["version"] = 2;
  claims["username"] = user.username;
  return dumped(claims);
}

std::string id_token_payload(const TokenContext& context, const User& user,
                             std::span<const std::string> groups, std::chrono::seconds lifetime,
                             std::string_view jti) {
  ordered_json claims = common_claims(context, user.id.str(), lifetime, jti);
  add_user_claims(claims, context, groups);
  claims["aud"] = context.client.str();
  claims["token_use"] = "id";
  claims["cognito:username"] = user.username;
  claims["amr"] = {"pwd"};
  for (const auto& [name, value] : user.attributes) claims[name] = attribute_claim(name, value);
  return dumped(claims);
}

std::string machine_token_payload(const TokenContext& context, std::chrono::seconds lifetime,
                                  std::string_view jti) {
  ordered_json claims = common_claims(context, context.client.str(), lifetime, jti);
  claims["client_id"] = context.client.str();
  claims["token_use"] = "access";
  claims["scope"] = joined(context.scopes);
  claims["version"] = 2;
  return dumped(claims);
}

Result<ReadClaims> read_claims(std::string_view payload) {
  const auto parsed = parse_json(payload);
  if (!parsed || !parsed->is_object()) return unreadable("token payload: no JSON object");
  ReadClaims claims;
  claims.issuer = text_claim(*parsed, "iss");
  claims.subject = text_claim(*parsed, "sub");
  claims.token_use = text_claim(*parsed, "token_use");
  claims.audience = texts_claim(*parsed, "aud");
  claims.origin_jti = text_claim(*parsed, "origin_jti");
  claims.jti = text_claim(*parsed, "jti");
  claims.groups = texts_claim(*parsed, "cognito:groups");
  claims.scopes = split(text_claim(*parsed, "scope"));
  const bool is_id = claims.token_use == "id";
  claims.client =
      is_id && claims.audience.size() == 1 ? claims.audience.front() : text_claim(*parsed, "client_id");
  claims.username = text_claim(*parsed, is_id ? "cognito:username" : "username");
  const auto issued = numeric_date(*parsed, "iat");
  const auto expires = numeric_date(*parsed, "exp");
  const auto authenticated = numeric_date(*parsed, "auth_time");
  if (!issued || !expires || !authenticated)
    return unreadable("token payload: iat, exp or auth_time missing");
  if (claims.issuer.empty() || claims.subject.empty() || claims.client.empty()) {
    return unreadable("token payload: iss, sub or client missing");
  }
  claims.issued_at = *issued;
  claims.expires_at = *expires;
  claims.auth_time = *authenticated;
  return claims;
}

}  // namespace holdfast::identity
