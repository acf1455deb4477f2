#include "holdfast/apps/app_service.h"

#include "app_service_state.h"
#include "holdfast/base/log.h"

namespace holdfast::apps {
namespace {

constexpr std::size_t comments_erased_at_once = 500;

Error app_changed() {
  return {ErrorKind::conflict, "conflict", "the app was changed meanwhile: read it again", {}};
}
Error app_gone() { return {ErrorKind::not_found, "not_found", "no such app", {}}; }

void require_same(storage::Transaction& transaction, const StoredApp& stored) {
  transaction.require_unchanged(apps_table, app_key(stored.app.id), stored.app_tag, app_changed());
}

/// A transaction that erases the next comments of an app that stays fenced; empty when there are none.
Result<storage::Transaction> erase_some_comments(const AppStore& store, const StoredApp& stored) {
  auto transaction = store.transaction();
  transaction.require_unchanged(app_states_table, app_key(stored.app.id), stored.state_tag, app_changed());
  Result<> decoded;
  TRY_VOID(store.db().reader().scan(comments_table, app_key(stored.app.id), {}, comments_erased_at_once,
                                    [&](BytesView key, const storage::Stored& row) {
                                      const auto comment = decode_comment(key, row.plain);
                                      if (!comment) {
                                        decoded = fail(comment.error());
                                        return false;
                                      }
                                      transaction.erase(comments_table, key);
                                      transaction.erase(comment_ids_table,
                                                        comment_id_key(stored.app.id, comment->id));
                                      return true;
                                    }));
  TRY_VOID(decoded);
  return transaction;
}

}  // namespace

AppService::AppService(Parts parts) : state_(std::make_unique<State>(std::move(parts))) {}
AppService::~AppService() = default;

AppService::State::State(Parts given) : parts(std::move(given)), store(parts.db, [this] { settle_soon(); }) {
  register_merge();
}

AppService::State::~State() {
  tasks.cancel();
  tasks.wait();
}

Result<std::shared_ptr<const StoredApp>> AppService::State::get(const AppId& id) const {
  TRY(auto stored, store.find(id));
  if (!stored) return fail(app_gone());
  return stored;
}

storage::AuditEvent AppService::State::event(std::string_view kind, const AppId& app,
                                             const identity::Actor& actor) const {
  return {.time = parts.clock.now(),
          .kind = std::string(kind),
          .actor_kind = actor.kind,
          .actor = actor.id,
          .target_kind = "app",
          .target = app.str(),
          .region = self().str(),
          .request_id = actor.request_id,
          .details = {}};
}

async::Task<Result<identity::Written<App>>> AppService::create(App app, identity::Actor actor) {
  app.bucket.clear();
  app.created_at = state_->parts.clock.now();
  CO_TRY_VOID(check_app(app));
  if (!state_->parts.writer.may_write()) co_return fail(state_->parts.writer.state().refusal());
  CO_TRY_VOID(state_->parts.check_pool(app.pool, app.clients));
  auto transaction = state_->store.transaction();
  transaction.require_absent(apps_table, app_key(app.id),
                             {ErrorKind::conflict, "already_exists", "an app of this id exists already", {}});
  AppStore::put(transaction, app);
  const auto reign = state_->parts.writer.state().view().term.reign;
  const auto state = first_state(reign, actor.id, app.created_at);
  AppStore::put_state(transaction, app.id, state);
  transaction.audit(state_->event("APP_CREATED", app.id, actor));
  CO_TRY_VOID(identity::board(actor.rider, transaction, NewApp{.app = app, .state = state}));
  CO_TRY(auto receipt, co_await state_->parts.writer.commit(std::move(transaction)));
  co_return identity::Written<App>{.value = std::move(app), .receipt = receipt};
}

async::Task<Result<identity::Written<App>>> AppService::update(AppId id, AppPatch patch,
                                                               identity::Actor actor) {
  CO_TRY(const auto stored, state_->get(id));
  auto app = stored->app;
  if (patch.clients) app.clients = *std::move(patch.clients);
  if (patch.web_origins) app.web_origins = *std::move(patch.web_origins);
  if (patch.accept_id_token) app.accept_id_token = *patch.accept_id_token;
  if (patch.automatic_failover) app.automatic_failover = *patch.automatic_failover;
  CO_TRY_VOID(check_app(app));
  if (!state_->parts.writer.may_write()) co_return fail(state_->parts.writer.state().refusal());
  CO_TRY_VOID(state_->parts.check_pool(app.pool, app.clients));
  auto transaction = state_->store.transaction();
  require_same(transaction, *stored);
  AppStore::put(transaction, app);
  transaction.audit(state_->event("APP_UPDATED", id, actor));
  CO_TRY(auto receipt, co_await state_->parts.writer.commit(std::move(transaction)));
  co_return identity::Written<App>{.value = std::move(app), .receipt = receipt};
}

async::Task<Result<region::CommitReceipt>> AppService::remove(AppId id, identity::Actor actor) {
  CO_TRY(const auto stored, state_->get(id));
  if (!stored->app.bucket.empty()) {
    co_return fail(ErrorKind::conflict, "app_has_bucket", "delete the app's bucket first");
  }
  if (state_->effective(*stored).state != AppState::fenced) {
    co_return fail(ErrorKind::conflict, "app_not_fenced",
                   "fence the app first, so that nothing is written meanwhile");
  }
  while (true) {
    CO_TRY(auto erasing, erase_some_comments(state_->store, *stored));
    if (erasing.empty()) break;
    erasing.for_request(actor.request_id);
    CO_TRY_VOID(co_await state_->parts.writer.commit(std::move(erasing)));
  }
  auto transaction = state_->store.transaction();
  require_same(transaction, *stored);
  transaction.require_unchanged(app_states_table, app_key(id), stored->state_tag, app_changed());
  AppStore::erase(transaction, id);
  transaction.audit(state_->event("APP_DELETED", id, actor));
  co_return co_await state_->parts.writer.commit(std::move(transaction));
}

Result<std::optional<App>> AppService::find(const AppId& id) const {
  TRY(const auto stored, state_->store.find(id));
  return stored ? std::optional(stored->app) : std::nullopt;
}

Result<App> AppService::get(const AppId& id) const {
  TRY(const auto stored, state_->get(id));
  return stored->app;
}

Result<std::shared_ptr<const App>> AppService::registered(const AppId& id) const {
  TRY(const auto stored, state_->get(id));
  return std::shared_ptr<const App>(stored, &stored->app);
}

Result<std::vector<App>> AppService::list(const AppId& after, std::size_t limit) const {
  return state_->store.list(after, limit);
}

identity::TokenDemand AppService::demand(const App& app, TokenPurpose purpose) {
  identity::TokenDemand demand;
  demand.pool = app.pool;
  demand.clients = app.clients;
  switch (purpose) {
    case TokenPurpose::comments:
      demand.accept_id_token = app.accept_id_token;
      break;
    case TokenPurpose::read_objects:
      demand.party = identity::TokenDemand::Party::any;
      demand.machine_scopes = {"objects.read"};
      break;
    case TokenPurpose::write_objects:
      demand.party = identity::TokenDemand::Party::any;
      demand.machine_scopes = {"objects.write"};
      break;
  }
  return demand;
}

Result<> AppService::put_bucket(const AppId& id, std::string_view bucket,
                                storage::Transaction& transaction) const {
  TRY(const auto stored, state_->get(id));
  if (!bucket.empty() && !stored->app.bucket.empty()) {
    return fail(ErrorKind::conflict, "app_has_bucket", "the app has a bucket already");
  }
  if (bucket.empty() && state_->effective(*stored).state != AppState::fenced) {
    return fail(ErrorKind::conflict, "app_not_fenced",
                "fence the app first, so that nothing is uploaded meanwhile");
  }
  require_same(transaction, *stored);
  transaction.require_unchanged(app_states_table, app_key(id), stored->state_tag, app_changed());
  auto app = stored->app;
  app.bucket = bucket;
  AppStore::put(transaction, app);
  return {};
}

}  // namespace holdfast::apps
