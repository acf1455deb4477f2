#include <nlohmann/json.hpp>
#include <utility>

#include "admin_support.h"
#include "apps_json.h"
#include "holdfast/api/admin_auth.h"
#include "holdfast/api/apps_endpoints.h"
#include "holdfast/api/json_body.h"
#include "holdfast/api/written.h"
#include "holdfast/identity/page_token.h"
#include "holdfast/objects/object_rules.h"
#include "paging.h"
#include "repeatable.h"

/// The admin API's rows of apps, states and buckets: docs/api/apps.md.
namespace holdfast::api {
namespace {

using http::AuthLevel;
using http::Method;
using http::Request;
using http::Response;

/// How a page of names goes on: behind the last one.
constexpr std::string_view names_list = "names";

AppId admin_app_of(const Request& request) { return AppId(std::string(request.param("app"))); }

std::vector<ClientId> to_client_ids(std::vector<std::string> names) {
  std::vector<ClientId> ids;
  ids.reserve(names.size());
  for (auto& name : names) ids.emplace_back(std::move(name));
  return ids;
}

apps::App read_app_fields(JsonFields& fields) {
  apps::App app{.id = AppId(fields.text("appId")), .pool = PoolId(fields.text("pool"))};
  app.bucket = fields.find_text("bucket").value_or(std::string{});
  app.clients = to_client_ids(fields.find_texts("clients").value_or(std::vector<std::string>{}));
  app.web_origins = fields.find_texts("origins").value_or(std::vector<std::string>{});
  app.accept_id_token = fields.find_flag("acceptIdToken").value_or(false);
  app.automatic_failover = fields.find_flag("automaticFailover").value_or(false);
  return app;
}

apps::AppPatch read_patch_fields(JsonFields& fields) {
  apps::AppPatch patch{.web_origins = fields.find_texts("origins"),
                       .accept_id_token = fields.find_flag("acceptIdToken"),
                       .automatic_failover = fields.find_flag("automaticFailover")};
  if (auto clients = fields.find_texts("clients")) patch.clients = to_client_ids(*std::move(clients));
  return patch;
}

Result<Response> app_answer(const apps::AppService& apps, int status,
                            const identity::Written<apps::App>& written) {
  TRY(const auto state, apps.effective(written.value.id));
  return written_response(status, to_json(written.value, state), written.receipt);
}

Result<nlohmann::json> describe_apps(const apps::AppService& apps, const identity::PageQuery& query) {
  TRY(const auto after, identity::page_key(names_list, query.next));
  TRY(auto found, apps.list(AppId(after), query.limit + 1));
  const auto page =
      cut_page(names_list, std::move(found), query, [](const apps::App& app) { return app.id.str(); });
  auto shown = nlohmann::json::array();
  for (const auto& app : page.items) {
    TRY(const auto state, apps.effective(app.id));
    shown.push_back(to_json(app, state));
  }
  return nlohmann::json{{"apps", std::move(shown)}, {"next", text_or_null(page.next)}};
}

async::Task<Result<Response>> list_apps(AppAdminParts parts, const Request* request) {
  CO_TRY(const auto query, page_query(*request));
  auto describe = [&] { return describe_apps(parts.apps, query); };
  CO_TRY(const auto page, co_await async::offload(parts.disk, std::move(describe)));
  co_return json_response(200, page);
}

/// A bucket can come with the app: refused here is what would leave the app without it.
Result<> check_new_bucket(const objects::BucketService& buckets, const std::string& name) {
  TRY_VOID(objects::check_bucket_name(name));
  TRY(const auto known, buckets.find(name));
  if (!known) return {};
  return fail(ErrorKind::conflict, "already_exists", "a bucket of this name exists already");
}

async::Task<Result<Response>> create_app(AppAdminParts parts, const Request* request) {
  CO_TRY(auto app, read_json(request->body, read_app_fields));
  const auto bucket = app.bucket;
  if (!bucket.empty()) CO_TRY_VOID(check_new_bucket(parts.buckets, bucket));
  const auto actor = operator_actor(*request);
  // What makes the request repeatable goes with its last write: until then it is not done.
  auto app_actor = actor;
  if (!bucket.empty()) app_actor.rider = nullptr;
  CO_TRY(auto written, co_await parts.apps.create(std::move(app), std::move(app_actor)));
  if (!bucket.empty()) {
    CO_TRY(const auto linked, co_await parts.buckets.create(bucket, written.value.id, actor));
    written.value.bucket = bucket;
    written.receipt = linked.receipt;
  }
  co_return app_answer(parts.apps, 201, written);
}

async::Task<Result<Response>> get_app(AppAdminParts parts, const Request* request) {
  CO_TRY(const auto app, parts.apps.get(admin_app_of(*request)));
  CO_TRY(const auto state, parts.apps.effective(app.id));
  co_return json_response(200, to_json(app, state));
}

async::Task<Result<Response>> patch_app(AppAdminParts parts, const Request* request) {
  CO_TRY(auto patch, read_json(request->body, read_patch_fields));
  CO_TRY(const auto written,
         co_await parts.apps.update(admin_app_of(*request), std::move(patch), operator_actor(*request)));
  co_return app_answer(parts.apps, 200, written);
}

async::Task<Result<Response>> delete_app(AppAdminParts parts, const Request* request) {
  CO_TRY(const auto receipt, co_await parts.apps.remove(admin_app_of(*request), operator_actor(*request)));
  co_return written_response(receipt);
}

async::Task<Result<Response>> answer_state_change(AppAdminParts parts, AppId app, apps::AppState wanted,
                                                  identity::Actor actor) {
  CO_TRY(const auto set, co_await parts.apps.set_state(app, wanted, std::move(actor)));
  auto confirmed = nlohmann::json::array();
  for (const auto& name : set.confirmed_by) confirmed.push_back(name.str());
  auto response = json_response(200, {{"appId", app.str()},
                                      {"state", apps::to_string(set.record.state)},
                                      {"version", set.record.version},
                                      {"confirmedBy", std::move(confirmed)}});
  if (set.receipt) add_receipt(response, *set.receipt);
  co_return response;
}

async::Task<Result<Response>> get_app_state(AppAdminParts parts, const Request* request) {
  CO_TRY(const auto view, parts.apps.view(admin_app_of(*request)));
  co_return state_response(view);
}

async::Task<Result<Response>> put_state(AppAdminParts parts, const Request* request) {
  CO_TRY(const auto text, read_json(request->body, [](JsonFields& fields) { return fields.text("state"); }));
  CO_TRY(const auto wanted, apps::parse_state(text));
  co_return co_await answer_state_change(parts, admin_app_of(*request), wanted, operator_actor(*request));
}

struct UpdaterInput {
  std::string app;
  std::string state;
};

// The body that the AWS solution's state updater takes: its table's name means nothing here.
UpdaterInput read_updater_fields(JsonFields& fields) {
  fields.ignore("TableName");
  return {.app = fields.text("AppId"), .state = fields.text("NewState")};
}

async::Task<Result<Response>> post_app_state(AppAdminParts parts, const Request* request) {
  CO_TRY(const auto input, read_json(request->body, read_updater_fields));
  CO_TRY(const auto wanted, apps::parse_state_loosely(input.state));
  co_return co_await answer_state_change(parts, AppId(input.app), wanted, operator_actor(*request));
}

Result<identity::Page<objects::Bucket>> read_buckets(const objects::BucketService& buckets,
                                                     const identity::PageQuery& query) {
  TRY(const auto after, identity::page_key(names_list, query.next));
  TRY(auto found, buckets.list(after, query.limit + 1));
  return cut_page(names_list, std::move(found), query,
                  [](const objects::Bucket& bucket) { return bucket.name; });
}

nlohmann::json describe_bucket(const objects::Bucket& bucket) { return to_json(bucket); }

async::Task<Result<Response>> list_buckets(AppAdminParts parts, const Request* request) {
  CO_TRY(const auto query, page_query(*request));
  auto read = [&] { return read_buckets(parts.buckets, query); };
  CO_TRY(const auto page, co_await async::offload(parts.disk, std::move(read)));
  co_return json_response(200, describe_page("buckets", page, describe_bucket));
}

struct BucketInput {
  std::string name;
  std::string app;
};

BucketInput read_bucket_fields(JsonFields& fields) {
  return {.name = fields.text("name"), .app = fields.text("app")};
}

async::Task<Result<Response>> create_bucket(AppAdminParts parts, const Request* request) {
  CO_TRY(const auto input, read_json(request->body, read_bucket_fields));
  CO_TRY(const auto written,
         co_await parts.buckets.create(input.name, AppId(input.app), operator_actor(*request)));
  co_return written_response(201, to_json(written.value), written.receipt);
}

async::Task<Result<Response>> get_bucket(AppAdminParts parts, const Request* request) {
  CO_TRY(const auto bucket, parts.buckets.get(std::string(request->param("bucket"))));
  co_return json_response(200, to_json(bucket));
}

async::Task<Result<Response>> delete_bucket(AppAdminParts parts, const Request* request) {
  CO_TRY(const auto receipt,
         co_await parts.buckets.remove(std::string(request->param("bucket")), operator_actor(*request)));
  co_return written_response(receipt);
}

DescribeCreated describe_new_app(apps::AppService& apps) {
  return [&apps](const std::any& created) -> nlohmann::json {
    if (const auto* plain = std::any_cast<const apps::NewApp*>(&created))
      return to_json((*plain)->app, (*plain)->state);
    const auto* bucket = std::any_cast<const objects::Bucket*>(created);
    auto app = apps.get(bucket->app);
    const auto state = apps.effective(bucket->app);
    if (!app || !state) return {{"appId", bucket->app.str()}};
    app->bucket = bucket->name;
    return to_json(*app, *state);
  };
}

}  // namespace

void add_app_admin_rows(http::Router& router, const AppAdminParts& parts) {
  const auto add = [&](Method method, std::string path, AuthLevel auth, auto handler, http::RowAbout about) {
    add_admin_row(router, {.method = method,
                           .path = std::move(path),
                           .auth = auth,
                           .handler = [parts, handler](Request* request) { return handler(parts, request); },
                           .about = std::move(about)});
  };
  const auto add_creating = [&](std::string path, DescribeCreated describe, auto handler,
                                std::string_view summary) {
    const auto create = [parts, handler](Request* request) { return handler(parts, request); };
    add_admin_row(router, {.method = Method::post,
                           .path = std::move(path),
                           .auth = AuthLevel::operator_write,
                           .handler = repeatable(parts.repeats, std::move(describe), create),
                           .about = {.summary = summary, .takes = http::json_type, .success = 201}});
  };
  add(Method::get, "/admin/v1/apps", AuthLevel::operator_read, list_apps,
      {.summary = "Lists apps.", .query = {"limit", "next"}});
  add_creating("/admin/v1/apps", describe_new_app(parts.apps), create_app, "Registers an app.");
  add(Method::get, "/admin/v1/apps/{app}", AuthLevel::operator_read, get_app, {.summary = "Shows an app."});
  add(Method::patch, "/admin/v1/apps/{app}", AuthLevel::operator_write, patch_app,
      {.summary = "Changes the named settings of an app.", .takes = http::json_type});
  add(Method::del, "/admin/v1/apps/{app}", AuthLevel::operator_write, delete_app,
      {.summary = "Removes an app and its comments.", .success = 204});
  add(Method::get, "/admin/v1/apps/{app}/state", AuthLevel::operator_read, get_app_state,
      {.summary = "An app's state."});
  add(Method::put, "/admin/v1/apps/{app}/state", AuthLevel::operator_write, put_state,
      {.summary = "Sets an app's state: active, fenced or failover.", .takes = http::json_type});
  add(Method::post, "/admin/v1/app-state", AuthLevel::operator_write, post_app_state,
      {.summary = "Sets an app's state, in the words of the AWS solution.", .takes = http::json_type});
  add(Method::get, "/admin/v1/buckets", AuthLevel::operator_read, list_buckets,
      {.summary = "Lists buckets.", .query = {"limit", "next"}});
  add_creating("/admin/v1/buckets", describe_created<objects::Bucket>(describe_bucket), create_bucket,
               "Makes an app's bucket.");
  add(Method::get, "/admin/v1/buckets/{bucket}", AuthLevel::operator_read, get_bucket,
      {.summary = "Shows a bucket."});
  add(Method::del, "/admin/v1/buckets/{bucket}", AuthLevel::operator_write, delete_bucket,
      {.summary = "Removes an empty bucket.", .success = 204});
}

}  // namespace holdfast::api
