#include "app_store.h"

namespace holdfast::apps {

AppStore::AppStore(storage::CoreDb& db, std::function<void()> on_state_change)
    : db_(&db), on_state_change_(std::move(on_state_change)) {
  subscriptions_.push_back(
      db.observe(apps_table, [this](BytesView key, bool) { cache_.forget(app_of_key(key)); }));
  subscriptions_.push_back(db.observe(app_states_table, [this](BytesView key, bool) {
    cache_.forget(app_of_key(key));
    on_state_change_();
  }));
  subscriptions_.push_back(db.on_reset([this] {
    cache_.forget_all();
    on_state_change_();
  }));
}

Result<std::shared_ptr<const StoredApp>> AppStore::find(const AppId& id) const {
  return cache_.find(id, [this](const AppId& wanted) { return read(wanted); });
}

Result<std::optional<StoredApp>> AppStore::read(const AppId& id) const {
  const auto reader = db_->snapshot();
  const auto key = app_key(id);
  TRY(const auto app, reader.find(apps_table, key));
  if (!app) return std::nullopt;
  TRY(const auto state, reader.get(app_states_table, key));
  StoredApp stored{.app_tag = app->tag, .state_tag = state.tag};
  TRY(stored.app, decode_app(id, app->plain));
  TRY(stored.state, decode_state(state.plain));
  return stored;
}

Result<std::vector<App>> AppStore::list(const AppId& after, std::size_t limit) const {
  std::vector<App> apps;
  Result<> decoded;
  const auto begin = after.empty() ? Bytes{} : app_key(after);
  TRY_VOID(db_->reader().scan(apps_table, {}, begin, limit, [&](BytesView key, const storage::Stored& row) {
    auto app = decode_app(app_of_key(key), row.plain);
    if (!app) {
      decoded = fail(std::move(app).error());
      return false;
    }
    apps.push_back(*std::move(app));
    return true;
  }));
  TRY_VOID(decoded);
  return apps;
}

void AppStore::put(storage::Transaction& transaction, const App& app) {
  transaction.put(apps_table, app_key(app.id), storage::Scope::system(), app_version, encode_app(app));
}

void AppStore::put_state(storage::Transaction& transaction, const AppId& id, const StateRecord& record) {
  transaction.put(app_states_table, app_key(id), storage::Scope::system(), state_version,
                  encode_state(record));
}

void AppStore::erase(storage::Transaction& transaction, const AppId& id) {
  transaction.erase(apps_table, app_key(id)).erase(app_states_table, app_key(id));
}

}  // namespace holdfast::apps
