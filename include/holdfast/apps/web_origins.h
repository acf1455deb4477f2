#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "holdfast/apps/app_model.h"
#include "holdfast/storage/core_db.h"

namespace holdfast::apps {

/// Which web pages may call what belongs to no single app: the pools' token endpoints and the Cognito JSON
/// API. Keeps all registrations in memory; after one changed, the next question reads them again (there are
/// few). A registry that cannot be read allows nobody. Thread-safe. Lives as long as the process.
class WebOrigins {
 public:
  explicit WebOrigins(storage::CoreDb& db);

  /// `origin` is one of an app of this pool.
  [[nodiscard]] bool of_pool(const PoolId& pool, std::string_view origin) const;
  /// `origin` is one of an app that accepts this client's tokens.
  [[nodiscard]] bool of_client(const ClientId& client, std::string_view origin) const;
  /// `origin` is one of any app.
  [[nodiscard]] bool of_any(std::string_view origin) const;

 private:
  using Apps = std::vector<App>;
  [[nodiscard]] std::shared_ptr<const Apps> apps() const;
  [[nodiscard]] bool any(std::string_view origin, const std::function<bool(const App&)>& concerned) const;
  void forget();

  storage::CoreDb* db_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Apps> apps_;  ///< empty: to be read
  std::uint64_t changes_ = 0;
  std::vector<storage::Subscription> subscriptions_;
};

}  // namespace holdfast::apps
