#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "app_store.h"
#include "holdfast/apps/app_service.h"
#include "holdfast/async/task_group.h"

namespace holdfast::apps {

/// The kind under which overrides of states travel (FactExchange); on the wire and in local.db.
inline constexpr std::string_view state_override_kind = "app_state";

/// What AppService is made of: the store with its cache, the merge of overrides, and the task that drops
/// settled ones.
struct AppService::State {
  explicit State(Parts given);
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  /// Ends the tasks while everything that they use is still there.
  ~State();

  [[nodiscard]] Result<std::shared_ptr<const StoredApp>> get(const AppId& id) const;
  [[nodiscard]] std::optional<StateRecord> override_of(const AppId& id) const;
  [[nodiscard]] StateRecord effective(const StoredApp& stored) const;
  [[nodiscard]] RegionName self() const { return parts.members.self_name(); }

  /// Puts the next state and its audit event, provided that the stored one is still `stored`.
  void put_state(storage::Transaction& transaction, const StoredApp& stored, const StateRecord& old,
                 const StateRecord& next, const identity::Actor& actor,
                 const std::string& claimed_operator = {}) const;
  [[nodiscard]] storage::AuditEvent event(std::string_view kind, const AppId& app,
                                          const identity::Actor& actor) const;

  void register_merge();
  /// Overrides that the log has caught up with are dropped off the writing thread: dropping syncs local.db.
  void settle_soon();
  async::Task<> settle();

  Parts parts;
  std::atomic<bool> settling = false;
  async::TaskGroup tasks{"apps"};  ///< before the store, whose observers start tasks
  AppStore store;
};

}  // namespace holdfast::apps
