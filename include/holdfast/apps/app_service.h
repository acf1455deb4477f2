#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/apps/app_model.h"
#include "holdfast/apps/app_rules.h"
#include "holdfast/async/io_pool.h"
#include "holdfast/async/offload.h"
#include "holdfast/async/task.h"
#include "holdfast/base/result.h"
#include "holdfast/identity/actor.h"
#include "holdfast/identity/verified_user.h"
#include "holdfast/region/fact_exchange.h"
#include "holdfast/region/members.h"
#include "holdfast/region/peer_table.h"
#include "holdfast/region/writer.h"
#include "holdfast/storage/core_db.h"

namespace holdfast::apps {

/// What `GET /state/{app}` answers.
struct StateView {
  AppId app{};
  AppState state = AppState::active;
  std::uint64_t version = 0;
  std::string region{};  ///< the one clients are pointed at; empty when none is known
  bool writes_enabled = false;
  struct Region {
    std::string name{};
    std::string role{};  ///< primary, secondary or fenced
    std::string public_url{};
    std::string objects_url{};
  };
  std::vector<Region> regions{};  ///< by name
};

/// What setting a state answers.
struct StateSet {
  StateRecord record{};
  /// Members known to enforce it. A region that is not listed may still allow writes.
  std::vector<RegionName> confirmed_by{};
  /// Absent where the state was kept as this region's override.
  std::optional<region::CommitReceipt> receipt{};
};

/// Changes of an app's registration; what is absent stays.
struct AppPatch {
  std::optional<std::vector<ClientId>> clients{};
  std::optional<std::vector<std::string>> web_origins{};
  std::optional<bool> accept_id_token{};
  std::optional<bool> automatic_failover{};
};

/// What a token is asked to open.
enum class TokenPurpose : std::uint8_t { comments, read_objects, write_objects };

/// What `create` boards (identity::board).
struct NewApp {
  const App& app;
  const StateRecord& state;
};

/// The registry of apps and their states, enforced here and not only by a page. Registrations and states live
/// in the log; a region that may not write keeps a state as an override in local.db (FactExchange), and the
/// writable primary writes a winning override into the log. Reading is answered from a cache that observers
/// keep right, on the caller's thread.
///
/// Thread-safe. Lives as long as the process; destroy it before the parts. Writes resume on the caller's
/// executor.
class AppService {
 public:
  struct Parts {
    storage::CoreDb& db;
    region::Writer& writer;
    region::FactExchange& facts;
    const region::Members& members;
    region::PeerTable& peers;
    async::DiskPool& disk;  ///< for local.db, which syncs
    async::IoPool& io;
    const Clock& clock;
    /// Whether the pool exists and has all these clients; `invalid_app` names what is missing.
    std::function<Result<>(const PoolId& pool, const std::vector<ClientId>& clients)> check_pool;
  };

  /// Registers the merge of overrides (kind `app_state`) with FactExchange: before replication starts.
  explicit AppService(Parts parts);
  AppService(const AppService&) = delete;
  AppService& operator=(const AppService&) = delete;
  ~AppService();

  /// `bucket` and `created_at` are not the caller's: a bucket is linked by BucketService. The app is born
  /// `active`. Errors: `invalid_app`, `already_exists`, `read_only_region`.
  async::Task<Result<identity::Written<App>>> create(App app, identity::Actor actor);
  /// Errors: `not_found`, `invalid_app`, `read_only_region`, `conflict` (somebody else was faster).
  async::Task<Result<identity::Written<App>>> update(AppId id, AppPatch patch, identity::Actor actor);
  /// With all its comments. Only a fenced app (409 `app_not_fenced`) without a bucket (409 `app_has_bucket`).
  async::Task<Result<region::CommitReceipt>> remove(AppId id, identity::Actor actor);

  [[nodiscard]] Result<std::optional<App>> find(const AppId& id) const;
  /// `not_found` when absent.
  [[nodiscard]] Result<App> get(const AppId& id) const;
  /// The same, as it is kept in memory.
  [[nodiscard]] Result<std::shared_ptr<const App>> registered(const AppId& id) const;
  /// By id, behind `after`, at most `limit`.
  [[nodiscard]] Result<std::vector<App>> list(const AppId& after, std::size_t limit) const;

  /// The state in force at this region: the log's, or an override that wins.
  [[nodiscard]] Result<StateRecord> effective(const AppId& id) const;
  [[nodiscard]] Result<StateView> view(const AppId& id) const;
  /// Errors: `not_found`, `state_unchanged`, `read_only_region` (active, at a region that may not write).
  async::Task<Result<StateSet>> set_state(AppId id, AppState wanted, identity::Actor actor);
  /// For a promotion's first batch: what apps in `failover` become under `reign`.
  Result<> add_promoted_states(storage::Transaction& transaction, std::uint32_t reign, bool activate,
                               const identity::Actor& actor) const;

  /// What a token must be to open this app for the purpose (docs/api/apps.md).
  [[nodiscard]] static identity::TokenDemand demand(const App& app, TokenPurpose purpose);

  // For the services of comments and objects.

  /// Adds to `transaction` that the app's state is still the one judged now. Errors: `app_fenced`,
  /// `app_failed_over`. When the state changed before the commit, that is answered with `app_state_changed`:
  /// judge again.
  Result<> require_writable(const AppId& id, storage::Transaction& transaction) const;
  /// Writes the registration with `bucket` set (empty: unlinked), provided that the app is still as read.
  Result<> put_bucket(const AppId& id, std::string_view bucket, storage::Transaction& transaction) const;

 private:
  struct State;
  async::Task<Result<StateSet>> keep_override(AppId id, StateRecord record, std::string request_id);
  [[nodiscard]] std::vector<RegionName> confirmed_by_log(const region::CommitReceipt& receipt) const;
  [[nodiscard]] std::vector<RegionName> confirmed_by_override(const AppId& id, const region::Override& value,
                                                              const StateRecord& record) const;

  std::unique_ptr<State> state_;
};

/// True for the one error that calls for building the transaction again.
[[nodiscard]] inline bool is_state_race(const Error& error) { return error.code == "app_state_changed"; }

}  // namespace holdfast::apps
