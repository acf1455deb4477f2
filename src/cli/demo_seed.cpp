#include "demo_seed.h"

#include "holdfast/base/files.h"
#include "holdfast/base/json.h"
#include "holdfast/base/text.h"
#include "holdfast/crypto/random.h"

namespace holdfast::cli {
namespace {

using http::Method;

constexpr std::string_view demo_username = "demo";
constexpr std::string_view demo_redirect_uri = "https://localhost/callback";

/// Meets the default policy: all four classes, far longer than needed.
std::string demo_password() { return "Demo-7-" + crypto::random_token(12); }

Result<nlohmann::json> make_clients(AdminClient& admin, const std::string& pool_path) {
  TRY(const auto web, admin.send(Method::post, pool_path + "/clients",
                                 {{"name", "web"},
                                  {"type", "public"},
                                  {"flows", {"USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"}},
                                  {"scopes", {"openid", "aws.cognito.signin.user.admin"}},
                                  {"redirectUris", {demo_redirect_uri}}}));
  TRY(const auto machine, admin.send(Method::post, pool_path + "/clients",
                                     {{"name", "machine"},
                                      {"type", "confidential"},
                                      {"flows", {"client_credentials"}},
                                      {"scopes", {"objects.read", "objects.write"}}}));
  return nlohmann::json{
      {"web", {{"clientId", web.at("clientId")}, {"redirectUri", demo_redirect_uri}}},
      {"machine", {{"clientId", machine.at("clientId")}, {"clientSecret", machine.at("clientSecret")}}}};
}

Result<> make_user(AdminClient& admin, const std::string& pool_path, const std::string& password) {
  TRY_VOID(admin.send(Method::post, pool_path + "/users",
                      {{"username", demo_username},
                       {"temporaryPassword", demo_password()},
                       {"attributes", {{"email", "demo@example.com"}, {"email_verified", "true"}}}}));
  TRY_VOID(admin.send(Method::put, pool_path + "/users/" + std::string(demo_username) + "/password",
                      {{"password", password}, {"permanent", true}}));
  return {};
}

Result<nlohmann::json> make_seed(AdminClient& admin, const DemoLayout& layout) {
  TRY(const auto pool, admin.send(Method::post, "/admin/v1/pools", {{"name", "demo"}}));
  const std::string pool_id = pool.value("id", "");
  const std::string pool_path = "/admin/v1/pools/" + pool_id;
  TRY(const auto clients, make_clients(admin, pool_path));
  const std::string password = demo_password();
  TRY_VOID(make_user(admin, pool_path, password));
  TRY_VOID(admin.send(Method::post, "/admin/v1/apps",
                      {{"appId", "demo"},
                       {"pool", pool_id},
                       {"clients", {clients["web"]["clientId"], clients["machine"]["clientId"]}},
                       {"bucket", "demo-photos"},
                       {"origins", {"https://localhost"}}}));
  return nlohmann::json{{"issuer", layout.front_url() + "/" + pool_id},
                        {"pool", pool_id},
                        {"clients", clients},
                        {"user", {{"username", demo_username}, {"password", password}}},
                        {"app", "demo"},
                        {"bucket", "demo-photos"}};
}

}  // namespace

Result<DemoSecrets> seed_demo(const DemoLayout& layout, const DemoRegions& regions) {
  DemoSecrets secrets;
  TRY(const auto token, read_file(layout.regions[0].dir / "admin-token"));
  secrets.admin_token = std::string(trim(token));
  const auto seed_file = layout.dir / "demo-seed.json";
  if (std::filesystem::exists(seed_file)) {
    TRY(const auto text, read_file(seed_file));
    TRY(secrets.public_part, parse_json(text));
  } else {
    TRY(auto admin, regions.admin(regions.primary()));
    TRY(secrets.public_part, make_seed(admin, layout));
    TRY_VOID(write_private_file(seed_file, secrets.public_part.dump(2) + "\n"));
  }
  TRY_VOID(regions.wait_caught_up());
  return secrets;
}

}  // namespace holdfast::cli
