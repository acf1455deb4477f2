#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "app_records.h"
#include "holdfast/apps/row_cache.h"
#include "holdfast/storage/core_db.h"

namespace holdfast::apps {

/// An app with the state that the log holds for it.
struct StoredApp {
  App app{};
  storage::RowTag app_tag{};
  StateRecord state{};
  storage::RowTag state_tag{};
};

/// Reads apps and their states through a cache that observers of both tables empty, row by row, whoever
/// wrote: the commit thread of a primary or the applier of a secondary. Thread-safe. `on_state_change` runs
/// on the writing thread after a state row changed or the store was exchanged.
class AppStore {
 public:
  AppStore(storage::CoreDb& db, std::function<void()> on_state_change);

  /// Null for none.
  [[nodiscard]] Result<std::shared_ptr<const StoredApp>> find(const AppId& id) const;
  [[nodiscard]] Result<std::vector<App>> list(const AppId& after, std::size_t limit) const;

  [[nodiscard]] storage::Transaction transaction() const { return db_->transaction(); }
  [[nodiscard]] storage::CoreDb& db() const { return *db_; }

  static void put(storage::Transaction& transaction, const App& app);
  static void put_state(storage::Transaction& transaction, const AppId& id, const StateRecord& record);
  static void erase(storage::Transaction& transaction, const AppId& id);

 private:
  [[nodiscard]] Result<std::optional<StoredApp>> read(const AppId& id) const;

  storage::CoreDb* db_;
  std::function<void()> on_state_change_;
  mutable RowCache<AppId, StoredApp> cache_;
  std::vector<storage::Subscription> subscriptions_;
};

}  // namespace holdfast::apps
