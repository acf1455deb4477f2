// The payload of a JWT, and tokens that nobody verified. What a user may choose (name, attributes, groups)
// never shows up as a claim of another name, nor in another's value.
#include "holdfast/identity/token_claims.h"

#include "fuzz.h"
#include "holdfast/base/encoding.h"
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
          .scopes = {"openid"}};
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
    require(claims->expires_at == context.issued_at + an_hour && claims->auth_time == context.auth_time);
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
  if (const auto claims = read_claims(input); !claims) {
    require(claims.error().kind == ErrorKind::unauthenticated);
  }
  const auto parts = fuzz::two_parts(input);
  check_written(parts.first, parts.second);
  return 0;
}
