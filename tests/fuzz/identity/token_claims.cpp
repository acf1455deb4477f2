// The payload of a JWT, and tokens that nobody verified. What a user may choose (name, attributes, groups)
// never shows up as a claim of another name, nor in another's value.
#include "holdfast/identity/token_claims.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fuzz.h"
#include "holdfast/base/encoding.h"
#include "holdfast/base/json.h"
#include "holdfast/base/text.h"
#include "holdfast/identity/token_verifier.h"

namespace {

using namespace holdfast;
using namespace holdfast::identity;
using fuzz::require;

constexpr std::chrono::seconds an_hour{3600};

TokenContext sample_context() {
  return {.issuer = "https://auth.example.com/pool",
          .client = ClientId("client"),
          .origin_jti = "6f1d3e9a-0000-4000-8000-000000000002",
          .event_id = "6f1d3e9a-0000-4000-8000-000000000003",
          .auth_time = from_micros(1'795'253'400'000'000),
          .issued_at = from_micros(1'795'253'460'000'000),
          .scopes = {"openid"},
          .credential_version = 7};
}

void check_written(std::string_view name, std::string_view attribute) {
  if (!is_utf8(name) || !is_utf8(attribute)) return;
  User user;
  user.id = UserId("6f1d3e9a-0000-4000-8000-000000000001");
  user.username = name;
  user.attributes = {{"email", std::string(attribute)}, {"custom:note", std::string(name)}};
  const std::vector<std::string> groups = {std::string(attribute), std::string(name)};
  const auto context = sample_context();
  for (const auto& payload : {access_token_payload(context, user, groups, an_hour, "jti"),
                              id_token_payload(context, user, groups, an_hour, "jti")}) {
    const auto claims = read_claims(payload);
    require(claims && claims->subject == user.id.str() && claims->issuer == context.issuer);
    require(claims->username == name && claims->groups == groups && claims->client == "client");
    require(claims->origin_jti == context.origin_jti && claims->jti == "jti");
    require(claims->credential_version == context.credential_version);
    require(claims->expires_at == context.issued_at + an_hour && claims->auth_time == context.auth_time);
  }
}

/// A claim is what stands under its own name, or nothing.
void check_read(BytesView payload, const ReadClaims& claims) {
  const auto json = parse_json(payload).value();
  const auto is_text = [&](const char* name, std::string_view text) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? *found == text : text.empty();
  };
  const auto is_date = [&](const char* name, WallTime date) {
    return json.at(name).is_number_integer() &&
           WallTime(std::chrono::seconds(json.at(name).get<std::int64_t>())) == date && date >= WallTime();
  };
  require(is_text("iss", claims.issuer) && is_text("sub", claims.subject) && is_text("jti", claims.jti));
  require(is_text("token_use", claims.token_use) && is_text("origin_jti", claims.origin_jti));
  require(is_date("iat", claims.issued_at) && is_date("exp", claims.expires_at) &&
          is_date("auth_time", claims.auth_time));
  require(!claims.issuer.empty() && !claims.subject.empty() && !claims.client.empty());
  const bool is_id = claims.token_use == "id";
  require(is_text(is_id ? "cognito:username" : "username", claims.username));
  require(is_id && claims.audience.size() == 1 ? claims.client == claims.audience.front()
                                               : is_text("client_id", claims.client));
  for (const auto& group : claims.groups) {
    const auto& stored = json.at("cognito:groups");
    require(stored == group || std::ranges::find(stored, nlohmann::json(group)) != stored.end());
  }
}

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  User user;
  user.id = UserId("6f1d3e9a-0000-4000-8000-000000000001");
  user.username = "ada";
  user.attributes = {{"email", "ada@example.com"}, {"email_verified", "true"}};
  const std::vector<std::string> groups = {"admin"};
  const auto access = access_token_payload(sample_context(), user, groups, an_hour, "jti");
  return {access, id_token_payload(sample_context(), user, groups, an_hour, "jti"),
          machine_token_payload(sample_context(), an_hour, "jti"),
          to_base64url(R"({"alg":"RS256","kid":"k"})") + "." + to_base64url(access) + ".c2ln",
          "ada\nada@example.com"};
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto input = fuzz::input_of(data, size);
  static_cast<void>(unverified_claims(std::string(input)));
  if (const auto claims = read_claims(input)) {
    check_read(input, *claims);
  } else {
    require(claims.error().kind == ErrorKind::unauthenticated);
  }
  const auto parts = fuzz::two_parts(input);
  check_written(parts.first, parts.second);
  return 0;
}
