#include "holdfast/apps/web_origins.h"

#include <algorithm>

#include "app_records.h"
#include "holdfast/apps/app_rules.h"
#include "holdfast/base/log.h"

namespace holdfast::apps {
namespace {

constexpr std::size_t max_registered_apps = 100'000;

Result<std::vector<App>> read_registered(const storage::CoreDb& db) {
  std::vector<App> apps;
  Result<> decoded;
  TRY_VOID(db.reader().scan(apps_table, {}, {}, max_registered_apps,
                            [&](BytesView key, const storage::Stored& row) {
                              auto app = decode_app(app_of_key(key), row.plain);
                              if (!app) {
                                decoded = fail(std::move(app).error());
                                return false;
                              }
                              if (!app->web_origins.empty()) apps.push_back(*std::move(app));
                              return true;
                            }));
  TRY_VOID(decoded);
  return apps;
}

}  // namespace

WebOrigins::WebOrigins(storage::CoreDb& db) : db_(&db) {
  subscriptions_.push_back(db.observe(apps_table, [this](BytesView, bool) { forget(); }));
  subscriptions_.push_back(db.on_reset([this] { forget(); }));
}

void WebOrigins::forget() {
  const std::scoped_lock lock(mutex_);
  ++changes_;
  apps_.reset();
}

std::shared_ptr<const WebOrigins::Apps> WebOrigins::apps() const {
  std::uint64_t changes_before = 0;
  {
    const std::scoped_lock lock(mutex_);
    if (apps_) return apps_;
    changes_before = changes_;
  }
  auto read = read_registered(*db_);
  if (!read) {
    log::error(log::own_work, "the apps' web origins cannot be read", read.error());
    return std::make_shared<const Apps>();
  }
  auto apps = std::make_shared<const Apps>(*std::move(read));
  const std::scoped_lock lock(mutex_);
  // What was read before a change must not stay after it.
  if (changes_ == changes_before) apps_ = apps;
  return apps;
}

bool WebOrigins::any(std::string_view origin, const std::function<bool(const App&)>& concerned) const {
  return std::ranges::any_of(*apps(),
                             [&](const App& app) { return allows_origin(app, origin) && concerned(app); });
}

bool WebOrigins::of_pool(const PoolId& pool, std::string_view origin) const {
  return any(origin, [&](const App& app) { return app.pool == pool; });
}

bool WebOrigins::of_client(const ClientId& client, std::string_view origin) const {
  return any(origin,
             [&](const App& app) { return std::ranges::find(app.clients, client) != app.clients.end(); });
}

bool WebOrigins::of_any(std::string_view origin) const {
  return any(origin, [](const App&) { return true; });
}

}  // namespace holdfast::apps
