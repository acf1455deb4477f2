#include "holdfast/identity/token_claims.h"

#include <algorithm>
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

void write_common_claims(JsonWriter& claims, const TokenContext& context, std::string_view subject,
                         std::chrono::seconds lifetime, std::string_view jti) {
  const std::int64_t now = to_seconds(context.issued_at);
  claims.name("sub").text(subject).name("iss").text(context.issuer).name("jti").text(jti);
  claims.name("iat").signed_number(now).name("exp").signed_number(now + lifetime.count());
  claims.name("auth_time").signed_number(to_seconds(context.auth_time));
}

void write_access_claims(JsonWriter& claims, const TokenContext& context) {
  claims.name("client_id").text(context.client.str()).name("token_use").text("access");
  // RFC 6749 §3.3: a scope is one word at least, so none is no claim.
  if (!context.scopes.empty()) claims.name("scope").text(joined(context.scopes));
  claims.name("version").number(2);
}

void write_user_claims(JsonWriter& claims, const TokenContext& context, std::span<const std::string> groups) {
  claims.name("origin_jti").text(context.origin_jti).name("event_id").text(context.event_id);
  claims.name("credential_version").number(context.credential_version);
  if (groups.empty()) return;
  claims.name("cognito:groups").open_array();
  for (const std::string& group : groups) claims.text(group);
  claims.close_array();
}

// Attributes are text; these claims are not (OpenID Connect Core 1.0 §5.1). No attribute has the name of
// another claim (user_rules.cpp), so that no name comes twice.
void write_attribute_claim(JsonWriter& claims, const std::string& name, const std::string& value) {
  claims.name(name);
  if (is_verified_flag(name)) {
    claims.flag(value == "true");
  } else if (name == "address") {
    claims.open_object().name("formatted").text(value).close_object();
  } else if (name == "updated_at") {
    std::int64_t seconds = 0;
    std::from_chars(value.data(), value.data() + value.size(), seconds);
    claims.signed_number(seconds);
  } else {
    claims.text(value);
  }
}

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

// Absent is fine: tokens of before the claim. Anything else than a number would be taken for absent.
Result<std::optional<std::uint64_t>> credential_version_claim(const json& claims) {
  const auto found = claims.find("credential_version");
  if (found == claims.end()) return std::optional<std::uint64_t>();
  if (!found->is_number_unsigned()) return unreadable("token payload: credential_version is no number");
  return std::optional(found->get<std::uint64_t>());
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
  JsonWriter claims;
  claims.open_object();
  write_common_claims(claims, context, user.id.str(), lifetime, jti);
  write_user_claims(claims, context, groups);
  write_access_claims(claims, context);
  claims.name("username").text(user.username).close_object();
  return claims.take();
}

std::string id_token_payload(const TokenContext& context, const User& user,
                             std::span<const std::string> groups, std::chrono::seconds lifetime,
                             std::string_view jti) {
  JsonWriter claims;
  claims.open_object();
  write_common_claims(claims, context, user.id.str(), lifetime, jti);
  write_user_claims(claims, context, groups);
  claims.name("aud").text(context.client.str()).name("token_use").text("id");
  claims.name("cognito:username").text(user.username).name("amr").open_array().text("pwd").close_array();
  for (const auto& [name, value] : user.attributes) write_attribute_claim(claims, name, value);
  claims.close_object();
  return claims.take();
}

std::string machine_token_payload(const TokenContext& context, std::chrono::seconds lifetime,
                                  std::string_view jti) {
  JsonWriter claims;
  claims.open_object();
  write_common_claims(claims, context, context.client.str(), lifetime, jti);
  write_access_claims(claims, context);
  claims.close_object();
  return claims.take();
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
  TRY(claims.credential_version, credential_version_claim(*parsed));
  claims.issued_at = *issued;
  claims.expires_at = *expires;
  claims.auth_time = *authenticated;
  return claims;
}

}  // namespace holdfast::identity
