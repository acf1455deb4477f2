#include "resource_rows.h"

namespace holdfast::cli {
namespace {

using http::Method;
using enum OptionKind;

const ResourceOption app_option{"--app", "app", path, true, "App id"};
const ResourceOption bucket_option{"--bucket", "bucket", path, true, "Bucket name"};
const ResourceOption clients_option{"--client", "clients", texts, false,
                                    "Client id that may use it; repeat for more"};
const ResourceOption origins_option{"--origin", "origins", texts, false,
                                    "Web origin for CORS; repeat for more"};
const ResourceOption id_token_option{"--accept-id-token", "acceptIdToken", truth, false,
                                     "true: ID tokens open its comments, too; false (default): they do not"};
const ResourceOption failover_option{"--automatic-failover", "automaticFailover", truth, false,
                                     "Kept for a later version, in which secondaries propose failover when "
                                     "the primary is away; no effect yet"};

void add_state_rows(std::vector<ResourceCommand>& rows) {
  rows.push_back(
      {"state", "get", "Show an app's state", Method::get, "/admin/v1/apps/{app}/state", {app_option}});
  rows.push_back({"state",
                  "set",
                  "Set an app's state",
                  Method::put,
                  "/admin/v1/apps/{app}/state",
                  {app_option, {"--state", "state", text, true, "active, fenced or failover"}}});
}

}  // namespace

void add_app_rows(std::vector<ResourceCommand>& rows) {
  rows.push_back({"app",
                  "create",
                  "Register an app",
                  Method::post,
                  "/admin/v1/apps",
                  {{"--app", "appId", text, true, "App id"},
                   {"--pool", "pool", text, true, "Pool whose users it serves"},
                   clients_option,
                   {"--bucket", "bucket", text, false, "Bucket for its objects, made with it"},
                   origins_option,
                   id_token_option,
                   failover_option}});
  rows.push_back({"app", "list", "List apps", Method::get, "/admin/v1/apps", {limit_option, next_option}});
  rows.push_back({"app", "show", "Show one app", Method::get, "/admin/v1/apps/{app}", {app_option}});
  rows.push_back({"app",
                  "update",
                  "Change an app; what is not given stays",
                  Method::patch,
                  "/admin/v1/apps/{app}",
                  {app_option, clients_option, origins_option, id_token_option, failover_option}});
  rows.push_back({"app",
                  "delete",
                  "Delete an app that is fenced and has no bucket, with its comments",
                  Method::del,
                  "/admin/v1/apps/{app}",
                  {app_option}});
  add_state_rows(rows);
}

void add_bucket_rows(std::vector<ResourceCommand>& rows) {
  rows.push_back({"bucket",
                  "create",
                  "Make an app's bucket",
                  Method::post,
                  "/admin/v1/buckets",
                  {{"--bucket", "name", text, true, "Bucket name"},
                   {"--app", "app", text, true, "App whose objects it holds"}}});
  rows.push_back(
      {"bucket", "list", "List buckets", Method::get, "/admin/v1/buckets", {limit_option, next_option}});
  rows.push_back(
      {"bucket", "show", "Show one bucket", Method::get, "/admin/v1/buckets/{bucket}", {bucket_option}});
  rows.push_back({"bucket",
                  "delete",
                  "Delete a bucket that is empty and whose app is fenced",
                  Method::del,
                  "/admin/v1/buckets/{bucket}",
                  {bucket_option}});
}

}  // namespace holdfast::cli
