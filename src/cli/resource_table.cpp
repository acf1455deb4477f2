#include "resource_command.h"

namespace holdfast::cli {
namespace {

using http::Method;
using enum OptionKind;

const ResourceOption pool_option{"--pool", "pool", path, true, "Pool id"};

void add_pool_rows(std::vector<ResourceCommand>& rows) {
  rows.push_back({"pool",
                  "create",
                  "Make a user pool with its first signing key",
                  Method::post,
                  "/admin/v1/pools",
                  {{"--name", "name", text, true, "Name, for people"},
                   {"--algorithm", "algorithm", text, false, "RS256 (default) or ES256"}}});
  rows.push_back({"pool",
                  "list",
                  "List pools",
                  Method::get,
                  "/admin/v1/pools",
                  {{"--limit", "limit", query, false, "At most so many"},
                   {"--next", "next", query, false, "Where the last page ended"}}});
  rows.push_back({"pool", "show", "Show one pool", Method::get, "/admin/v1/pools/{pool}", {pool_option}});
}

void add_client_rows(std::vector<ResourceCommand>& rows) {
  rows.push_back(
      {"client",
       "create",
       "Register an app client",
       Method::post,
       "/admin/v1/pools/{pool}/clients",
       {pool_option,
        {"--name", "name", text, true, "Name, for people"},
        {"--type", "type", text, true, "public or confidential"},
        {"--flow", "flows", texts, true,
         "USER_PASSWORD_AUTH, REFRESH_TOKEN_AUTH, client_credentials; repeat for more"},
        {"--scope", "scopes", texts, false, "Allowed scope; repeat for more"},
        {"--secret-out", "clientSecret", save, false, "File (0600) for the secret instead of printing it"}}});
  rows.push_back({"client",
                  "list",
                  "List a pool's clients",
                  Method::get,
                  "/admin/v1/pools/{pool}/clients",
                  {pool_option}});
  rows.push_back({"client",
                  "show",
                  "Show one client, without its secret",
                  Method::get,
                  "/admin/v1/pools/{pool}/clients/{client}",
                  {pool_option, {"--client", "client", path, true, "Client id"}}});
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
        {"--temporary-password-file", "temporaryPassword", secret, true, "File with the temporary password"},
        {"--attribute", "attributes", pairs, false,
         "NAME=VALUE, like email=a@example.com; repeat for more"}}});
  rows.push_back({"user",
                  "list",
                  "List users in order of creation",
                  Method::get,
                  "/admin/v1/pools/{pool}/users",
                  {pool_option,
                   {"--username", "username", query, false, "Exactly this one"},
                   {"--email", "email", query, false, "Exactly this e-mail address"},
                   {"--prefix", "prefix", query, false, "User names that begin so"},
                   {"--limit", "limit", query, false, "At most so many"},
                   {"--next", "next", query, false, "Where the last page ended"}}});
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

const ResourceOption group_option{"--group", "group", path, true, "Group name"};

void add_group_rows(std::vector<ResourceCommand>& rows) {
  rows.push_back({"group",
                  "create",
                  "Create a group",
                  Method::post,
                  "/admin/v1/pools/{pool}/groups",
                  {pool_option,
                   {"--name", "name", text, true, "Group name"},
                   {"--description", "description", text, false, "For people"}}});
  rows.push_back(
      {"group", "list", "List a pool's groups", Method::get, "/admin/v1/pools/{pool}/groups", {pool_option}});
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

const ResourceOption app_option{"--app", "app", path, true, "App id"};

void add_app_rows(std::vector<ResourceCommand>& rows) {
  rows.push_back({"app",
                  "create",
                  "Register an app",
                  Method::post,
                  "/admin/v1/apps",
                  {{"--app", "appId", text, true, "App id"},
                   {"--pool", "pool", text, true, "Pool whose users it serves"},
                   {"--client", "clients", texts, false, "Client id that may use it; repeat for more"},
                   {"--bucket", "bucket", text, false, "Bucket for its objects"},
                   {"--origin", "origins", texts, false, "Web origin for CORS; repeat for more"}}});
  rows.push_back({"app", "list", "List apps", Method::get, "/admin/v1/apps", {}});
  rows.push_back({"app", "show", "Show one app", Method::get, "/admin/v1/apps/{app}", {app_option}});
  rows.push_back(
      {"state", "get", "Show an app's state", Method::get, "/admin/v1/apps/{app}/state", {app_option}});
  rows.push_back({"state",
                  "set",
                  "Set an app's state",
                  Method::put,
                  "/admin/v1/apps/{app}/state",
                  {app_option, {"--state", "state", text, true, "active, fenced or failover"}}});
}

std::vector<ResourceCommand> build_rows() {
  std::vector<ResourceCommand> rows;
  add_pool_rows(rows);
  add_client_rows(rows);
  add_user_rows(rows);
  add_group_rows(rows);
  add_app_rows(rows);
  return rows;
}

}  // namespace

const std::vector<ResourceCommand>& resource_commands() {
  static const std::vector<ResourceCommand> rows = build_rows();
  return rows;
}

}  // namespace holdfast::cli
