#include "resource_rows.h"

namespace holdfast::cli {
namespace {

using http::Method;
using enum OptionKind;

// A whole document, as `show --json` prints it: for settings that have no option of their own.
const ResourceOption settings_option{"--settings-file", "", document, false,
                                     "JSON file with more settings; - reads standard input"};
const ResourceOption settings_file_option{
    "--settings-file", "", document, true,
    "JSON file with all settings, as `show --json` prints them; - reads standard input"};
const ResourceOption pool_option{"--pool", "pool", path, true, "Pool id"};

void add_pool_rows(std::vector<ResourceCommand>& rows) {
  rows.push_back({"pool",
                  "create",
                  "Make a user pool with its first signing key",
                  Method::post,
                  "/admin/v1/pools",
                  {{"--name", "name", text, false, "Name, for people"},
                   {"--algorithm", "algorithm", text, false, "RS256 (default) or ES256"},
                   settings_option}});
  rows.push_back({"pool", "list", "List pools", Method::get, "/admin/v1/pools", {limit_option, next_option}});
  rows.push_back({"pool", "show", "Show one pool", Method::get, "/admin/v1/pools/{pool}", {pool_option}});
  rows.push_back({"pool",
                  "update",
                  "Replace a pool's settings; what the file does not name takes its default",
                  Method::put,
                  "/admin/v1/pools/{pool}",
                  {pool_option, settings_file_option}});
}

void add_client_rows(std::vector<ResourceCommand>& rows) {
  rows.push_back(
      {"client",
       "create",
       "Register an app client",
       Method::post,
       "/admin/v1/pools/{pool}/clients",
       {pool_option,
        {"--name", "name", text, false, "Name, for people"},
        {"--type", "type", text, false, "public or confidential"},
        {"--flow", "flows", texts, false,
         "USER_PASSWORD_AUTH, REFRESH_TOKEN_AUTH, client_credentials; repeat for more"},
        {"--scope", "scopes", texts, false, "Allowed scope; repeat for more"},
        {"--redirect-uri", "redirectUris", texts, false, "Where a login may return to; repeat for more"},
        settings_option,
        {"--secret-out", "clientSecret", save, false, "File (0600) for the secret instead of printing it"}}});
  rows.push_back({"client",
                  "list",
                  "List a pool's clients",
                  Method::get,
                  "/admin/v1/pools/{pool}/clients",
                  {pool_option, limit_option, next_option}});
  rows.push_back({"client",
                  "show",
                  "Show one client, without its secret",
                  Method::get,
                  "/admin/v1/pools/{pool}/clients/{client}",
                  {pool_option, {"--client", "client", path, true, "Client id"}}});
  rows.push_back({"client",
                  "update",
                  "Replace a client's settings; what the file does not name takes its default",
                  Method::put,
                  "/admin/v1/pools/{pool}/clients/{client}",
                  {pool_option, {"--client", "client", path, true, "Client id"}, settings_file_option}});
  rows.push_back(
      {"client",
       "renew-secret",
       "Give a confidential client a new secret; the old one is void at once",
       Method::post,
       "/admin/v1/pools/{pool}/clients/{client}/secret",
       {pool_option,
        {"--client", "client", path, true, "Client id"},
        {"--secret-out", "clientSecret", save, false, "File (0600) for the secret instead of printing it"}}});
  rows.push_back({"client",
                  "delete",
                  "Delete a client",
                  Method::del,
                  "/admin/v1/pools/{pool}/clients/{client}",
                  {pool_option, {"--client", "client", path, true, "Client id"}}});
}

const ResourceOption username_option{"--username", "username", path, true, "User name"};

void add_user_rows(std::vector<ResourceCommand>& rows) {
  rows.push_back(
      {"user",
       "create",
       "Create a user with a temporary password",
       Method::post,
       "/admin/v1/pools/{pool}/users",
       {pool_option,
        {"--username", "username", text, true, "User name"},
        {"--temporary-password-file", "temporaryPassword", secret, false,
         "File with the temporary password; without one, a password is drawn"},
        {"--password-file", "password", secret, false, "File with a password that the user need not change"},
        {"--temporary-password-out", "temporaryPassword", save, false,
         "File (0600) for a drawn password instead of printing it"},
        {"--attribute", "attributes", pairs, false, "NAME=VALUE, like locale=de; repeat for more"},
        {"--settings-file", "", document, false,
         R"(JSON file with more, like {"attributes": {"email": "a@example.com"}}, that process lists shall not show; - reads standard input)"}}});
  rows.push_back({"user",
                  "list",
                  "List users in order of creation",
                  Method::get,
                  "/admin/v1/pools/{pool}/users",
                  {pool_option,
                   {"--username", "username", query, false, "Exactly this one"},
                   {"--email", "email", query, false, "Exactly this e-mail address"},
                   {"--phone", "phone", query, false, "Exactly this phone number (E.164)"},
                   {"--sub", "sub", query, false, "Exactly this sub"},
                   {"--prefix", "prefix", query, false, "User names that begin so"},
                   {"--email-prefix", "emailPrefix", query, false, "E-mail addresses that begin so"},
                   limit_option,
                   next_option}});
  rows.push_back({"user",
                  "show",
                  "Show one user",
                  Method::get,
                  "/admin/v1/pools/{pool}/users/{username}",
                  {pool_option, username_option}});
  rows.push_back({"user",
                  "set-password",
                  "Set a password",
                  Method::put,
                  "/admin/v1/pools/{pool}/users/{username}/password",
                  {pool_option,
                   username_option,
                   {"--password-file", "password", secret, true, "File with the password"},
                   {"--permanent", "permanent", flag, false, "Not temporary: the user need not change it"}}});
  rows.push_back({"user",
                  "enable",
                  "Let a user sign in again",
                  Method::post,
                  "/admin/v1/pools/{pool}/users/{username}/enable",
                  {pool_option, username_option}});
  rows.push_back({"user",
                  "disable",
                  "Stop a user's sign-ins and tokens",
                  Method::post,
                  "/admin/v1/pools/{pool}/users/{username}/disable",
                  {pool_option, username_option}});
  rows.push_back({"user",
                  "delete",
                  "Delete a user",
                  Method::del,
                  "/admin/v1/pools/{pool}/users/{username}",
                  {pool_option, username_option}});
}

void add_user_session_rows(std::vector<ResourceCommand>& rows) {
  rows.push_back(
      {"user",
       "set-attributes",
       "Change attributes",
       Method::put,
       "/admin/v1/pools/{pool}/users/{username}/attributes",
       {pool_option,
        username_option,
        {"--attribute", "attributes", pairs, true, "NAME=VALUE, an empty value removes; repeat for more"}}});
  rows.push_back({"user",
                  "sign-out",
                  "End all of a user's sessions",
                  Method::post,
                  "/admin/v1/pools/{pool}/users/{username}/sign-out",
                  {pool_option, username_option}});
  rows.push_back({"user",
                  "unlock",
                  "Forget a user's failed password attempts",
                  Method::post,
                  "/admin/v1/pools/{pool}/users/{username}/unlock",
                  {pool_option, username_option}});
  rows.push_back({"user",
                  "groups",
                  "List a user's groups",
                  Method::get,
                  "/admin/v1/pools/{pool}/users/{username}/groups",
                  {pool_option, username_option, limit_option, next_option}});
}

const ResourceOption group_option{"--group", "group", path, true, "Group name"};

void add_group_rows(std::vector<ResourceCommand>& rows) {
  rows.push_back({"group",
                  "create",
                  "Create a group",
                  Method::post,
                  "/admin/v1/pools/{pool}/groups",
                  {pool_option,
                   {"--name", "name", text, true, "Group name"},
                   {"--description", "description", text, false, "For people"},
                   {"--precedence", "precedence", number, false, "Lower comes first"}}});
  rows.push_back({"group",
                  "list",
                  "List a pool's groups",
                  Method::get,
                  "/admin/v1/pools/{pool}/groups",
                  {pool_option, limit_option, next_option}});
  rows.push_back({"group",
                  "show",
                  "Show one group",
                  Method::get,
                  "/admin/v1/pools/{pool}/groups/{group}",
                  {pool_option, group_option}});
  rows.push_back({"group",
                  "update",
                  "Replace a group's description and precedence",
                  Method::put,
                  "/admin/v1/pools/{pool}/groups/{group}",
                  {pool_option,
                   group_option,
                   {"--description", "description", text, false, "For people; none if not given"},
                   {"--precedence", "precedence", number, false, "Lower comes first; last if not given"}}});
  rows.push_back({"group",
                  "delete",
                  "Delete a group; nobody is in it any more",
                  Method::del,
                  "/admin/v1/pools/{pool}/groups/{group}",
                  {pool_option, group_option}});
  rows.push_back({"group",
                  "members",
                  "List who is in a group",
                  Method::get,
                  "/admin/v1/pools/{pool}/groups/{group}/users",
                  {pool_option, group_option, limit_option, next_option}});
  rows.push_back({"group",
                  "add",
                  "Put a user into a group",
                  Method::put,
                  "/admin/v1/pools/{pool}/groups/{group}/users/{username}",
                  {pool_option, group_option, username_option}});
  rows.push_back({"group",
                  "remove",
                  "Take a user out of a group",
                  Method::del,
                  "/admin/v1/pools/{pool}/groups/{group}/users/{username}",
                  {pool_option, group_option, username_option}});
}

void add_key_rows(std::vector<ResourceCommand>& rows) {
  rows.push_back({"key",
                  "list",
                  "List a pool's signing keys",
                  Method::get,
                  "/admin/v1/pools/{pool}/keys",
                  {pool_option, limit_option, next_option}});
  rows.push_back({"key",
                  "rotate",
                  "Give a pool a new signing key",
                  Method::post,
                  "/admin/v1/keys/rotate",
                  {{"--pool", "pool", text, true, "Pool id"},
                   {"--emergency", "emergency", flag, false,
                    "The old keys leaked: they stop verifying at once, every token is void"}}});
}

const ResourceOption operator_option{"--operator", "operator", path, true, "Operator id"};

void add_operator_rows(std::vector<ResourceCommand>& rows) {
  rows.push_back(
      {"operator",
       "create",
       "Register a person who runs the cluster",
       Method::post,
       "/admin/v1/operators",
       {{"--settings-file", "", document, false,
         R"(JSON file {"name","email","phone"}; - reads standard input)"},
        {"--name", "name", text, false, "Instead: their name, seen in process lists"},
        {"--email", "email", text, false, "E-mail address, the same"},
        {"--phone", "phone", text, false, "Phone number in E.164 form, like +15550100, the same"}}});
  rows.push_back({"operator",
                  "list",
                  "List operators",
                  Method::get,
                  "/admin/v1/operators",
                  {limit_option, next_option}});
  rows.push_back({"operator",
                  "show",
                  "Show one operator",
                  Method::get,
                  "/admin/v1/operators/{operator}",
                  {operator_option}});
  rows.push_back({"operator",
                  "enable",
                  "Let an operator's tokens work again",
                  Method::post,
                  "/admin/v1/operators/{operator}/enable",
                  {operator_option}});
  rows.push_back({"operator",
                  "disable",
                  "Void all of an operator's tokens",
                  Method::post,
                  "/admin/v1/operators/{operator}/disable",
                  {operator_option}});
}

void add_token_rows(std::vector<ResourceCommand>& rows) {
  rows.push_back({"admin-token",
                  "create",
                  "Make an admin token",
                  Method::post,
                  "/admin/v1/operators/{operator}/tokens",
                  {operator_option,
                   {"--name", "name", text, true, "What it is for"},
                   {"--scope", "scopes", texts, true, "admin, read, state or metrics; repeat for more"},
                   {"--seconds", "lifetimeSeconds", number, false, "How long it works; 90 days if not given"},
                   {"--for-region", "region", text, false,
                    "The one region that takes it; if not given, the one that is asked"},
                   {"--token-out", "token", save, true, "File (0600) for the token"}}});
  rows.push_back({"admin-token",
                  "list",
                  "List admin tokens, without their secrets",
                  Method::get,
                  "/admin/v1/admin-tokens",
                  {limit_option, next_option}});
  rows.push_back({"admin-token",
                  "revoke",
                  "Void an admin token",
                  Method::del,
                  "/admin/v1/admin-tokens/{token}",
                  {{"--id", "token", path, true, "Token id, as the list has it"}}});
}

void add_audit_rows(std::vector<ResourceCommand>& rows) {
  rows.push_back({"audit",
                  "list",
                  "Read the audit trail in order of time",
                  Method::get,
                  "/admin/v1/audit",
                  {{"--from", "from", query, false, "RFC 3339 time, included"},
                   {"--until", "until", query, false, "RFC 3339 time, not included"},
                   limit_option,
                   next_option}});
}

std::vector<ResourceCommand> build_rows() {
  std::vector<ResourceCommand> rows;
  add_pool_rows(rows);
  add_client_rows(rows);
  add_user_rows(rows);
  add_user_session_rows(rows);
  add_group_rows(rows);
  add_key_rows(rows);
  add_operator_rows(rows);
  add_token_rows(rows);
  add_audit_rows(rows);
  add_app_rows(rows);
  add_bucket_rows(rows);
  return rows;
}

}  // namespace

const std::vector<ResourceCommand>& resource_commands() {
  static const std::vector<ResourceCommand> rows = build_rows();
  return rows;
}

}  // namespace holdfast::cli
