#include "holdfast/objects/bucket_service.h"

#include "holdfast/apps/row_cache.h"
#include "holdfast/objects/object_rules.h"
#include "object_service_state.h"

namespace holdfast::objects {
namespace {

Error bucket_exists() {
  return {ErrorKind::conflict, "already_exists", "a bucket of this name exists already", {}};
}

}  // namespace

Error no_such_bucket() { return {ErrorKind::not_found, "no_such_bucket", "the bucket does not exist", {}}; }

struct BucketService::State {
  State(storage::CoreDb& core, region::Writer& log, apps::AppService& registry, const Clock& time)
      : db(&core), writer(&log), apps(&registry), clock(&time) {
    subscriptions.push_back(
        db->observe(buckets_table, [this](BytesView key, bool) { cache.forget(bucket_of_key(key)); }));
    subscriptions.push_back(db->on_reset([this] { cache.forget_all(); }));
  }

  [[nodiscard]] Result<std::optional<Bucket>> read(const std::string& name) const {
    TRY(const auto row, db->reader().find(buckets_table, bucket_key(name)));
    if (!row) return std::nullopt;
    return decode_bucket(name, row->plain);
  }

  [[nodiscard]] storage::AuditEvent event(std::string_view kind, const std::string& name,
                                          const identity::Actor& actor) const {
    return {.time = clock->now(),
            .kind = std::string(kind),
            .actor_kind = actor.kind,
            .actor = actor.id,
            .target_kind = "bucket",
            .target = name,
            .region = writer->state().view().self.str(),
            .request_id = actor.request_id,
            .details = {}};
  }

  storage::CoreDb* db;
  region::Writer* writer;
  apps::AppService* apps;
  const Clock* clock;
  mutable apps::RowCache<std::string, Bucket> cache;
  std::vector<storage::Subscription> subscriptions;
};

BucketService::BucketService(storage::CoreDb& db, region::Writer& writer, apps::AppService& apps,
                             const Clock& clock)
    : state_(std::make_unique<State>(db, writer, apps, clock)) {}
BucketService::~BucketService() = default;

async::Task<Result<identity::Written<Bucket>>> BucketService::create(std::string name, AppId app,
                                                                     identity::Actor actor) {
  CO_TRY_VOID(check_bucket_name(name));
  if (!state_->writer->may_write()) co_return fail(state_->writer->state().refusal());
  const Bucket bucket{.name = name, .app = app, .created_at = state_->clock->now()};
  auto transaction = state_->db->transaction();
  transaction.require_absent(buckets_table, bucket_key(name), bucket_exists());
  const auto scope = storage::Scope::bucket(name);
  // A bucket of this name may have existed before: its key is still good.
  if (!state_->db->keys()->key_for(scope))
    state_->db->keys()->create_key(transaction, scope, bucket.created_at);
  CO_TRY_VOID(state_->apps->put_bucket(app, name, transaction));
  transaction.put(buckets_table, bucket_key(name), storage::Scope::system(), bucket_version,
                  encode_bucket(bucket));
  transaction.audit(state_->event("BUCKET_CREATED", name, actor));
  CO_TRY_VOID(identity::board(actor.rider, transaction, bucket));
  CO_TRY(const auto receipt, co_await state_->writer->commit(std::move(transaction)));
  co_return identity::Written<Bucket>{.value = bucket, .receipt = receipt};
}

async::Task<Result<region::CommitReceipt>> BucketService::remove(std::string name, identity::Actor actor) {
  CO_TRY(const auto bucket, get(name));
  if (!state_->writer->may_write()) co_return fail(state_->writer->state().refusal());
  auto transaction = state_->db->transaction();
  // The app stays fenced until this is committed, so the bucket stays as empty as it is now.
  CO_TRY_VOID(state_->apps->put_bucket(bucket.app, {}, transaction));
  bool empty = true;
  CO_TRY_VOID(state_->db->reader().scan(objects_table, object_key(name, {}), {}, 1,
                                        [&](BytesView, const storage::Stored&) { empty = false; }));
  if (!empty) co_return fail(ErrorKind::conflict, "bucket_not_empty", "the bucket is not empty");
  transaction.require_present(buckets_table, bucket_key(name), no_such_bucket());
  transaction.erase(buckets_table, bucket_key(name));
  transaction.audit(state_->event("BUCKET_DELETED", name, actor));
  co_return co_await state_->writer->commit(std::move(transaction));
}

Result<std::optional<Bucket>> BucketService::find(const std::string& name) const {
  TRY(const auto bucket,
      state_->cache.find(name, [this](const std::string& wanted) { return state_->read(wanted); }));
  return bucket ? std::optional(*bucket) : std::nullopt;
}

Result<Bucket> BucketService::get(const std::string& name) const {
  TRY(auto bucket, find(name));
  if (!bucket) return fail(no_such_bucket());
  return *std::move(bucket);
}

Result<std::vector<Bucket>> BucketService::list(const std::string& after, std::size_t limit) const {
  std::vector<Bucket> buckets;
  Result<> decoded;
  const auto begin = after.empty() ? Bytes{} : bucket_key(after);
  TRY_VOID(state_->db->reader().scan(buckets_table, {}, begin, limit,
                                     [&](BytesView key, const storage::Stored& row) {
                                       auto bucket = decode_bucket(bucket_of_key(key), row.plain);
                                       if (!bucket) {
                                         decoded = fail(std::move(bucket).error());
                                         return false;
                                       }
                                       buckets.push_back(*std::move(bucket));
                                       return true;
                                     }));
  TRY_VOID(decoded);
  return buckets;
}

}  // namespace holdfast::objects
