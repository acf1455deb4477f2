#include "holdfast/objects/object_service.h"

#include <limits>

#include "holdfast/base/damaged.h"
#include "holdfast/base/encoding.h"
#include "holdfast/objects/object_rules.h"
#include "object_service_state.h"

namespace holdfast::objects {
namespace {

constexpr std::size_t list_no_limit = std::numeric_limits<std::size_t>::max();
constexpr std::string_view object_changed_code = "object_changed";

Error object_changed() {
  return {ErrorKind::conflict, object_changed_code, "the object was changed meanwhile: try again", {}};
}

Validators validators_of(const Object& object) {
  return {.etag = etag_of(object), .modified_at = object.modified_at};
}

/// One seek: offers keys to the page until it is full (false), there is none left (false) or a group asks to
/// jump (true).
Result<bool> fill_page(const storage::Reader& reader, const std::string& bucket, ListPage& page,
                       ObjectPage& shown) {
  bool jump = false;
  Result<> decoded;
  const auto after = page.resume_after().empty() ? Bytes{} : object_key(bucket, page.resume_after());
  const auto visit = [&](BytesView stored_key, const storage::Stored& row) {
    auto object = decode_object(stored_key, row.plain);
    if (!object) {
      decoded = fail(std::move(object).error());
      return false;
    }
    const auto step = page.offer(object->key);
    jump = step == ListPage::Step::grouped;
    if (step != ListPage::Step::taken) return false;
    shown.objects.push_back(*std::move(object));
    return true;
  };
  TRY_VOID(reader.scan(objects_table, object_key(bucket, page.prefix()), after, list_no_limit, visit));
  TRY_VOID(decoded);
  return jump;
}

}  // namespace

Error no_such_key() { return {ErrorKind::not_found, "no_such_key", "the object does not exist", {}}; }

bool is_object_race(const Error& error) {
  return error.code == object_changed_code || apps::is_state_race(error);
}

Result<std::optional<StoredObject>> ObjectService::State::find(const std::string& bucket,
                                                               const std::string& key) const {
  const auto stored_key = object_key(bucket, key);
  TRY(const auto row, parts.db.reader().find(objects_table, stored_key));
  if (!row) return std::nullopt;
  TRY(auto object, decode_object(stored_key, row->plain));
  return StoredObject{.object = std::move(object), .tag = row->tag};
}

Result<Found> ObjectService::State::get(const std::string& bucket, const std::string& key) const {
  const auto stored_key = object_key(bucket, key);
  const auto reader = parts.db.snapshot();
  TRY(const auto row, reader.find(objects_table, stored_key));
  if (!row) return fail(no_such_key());
  Found found;
  TRY(found.object, decode_object(stored_key, row->plain));
  if (!found.object.blob) {
    TRY(auto bytes, reader.get(object_bytes_table, stored_key));
    // Ranges and Content-Length are reckoned from the record.
    if (bytes.plain.size() != found.object.size) {
      return damaged("an object's bytes are not as many as its record says");
    }
    found.inline_bytes = std::move(bytes.plain);
  }
  return found;
}

Result<ObjectPage> ObjectService::State::list(const std::string& bucket, ListQuery query) const {
  TRY(auto page, ListPage::begin(std::move(query)));
  const auto reader = parts.db.snapshot();
  ObjectPage shown;
  bool more = true;
  while (more) {
    TRY(more, fill_page(reader, bucket, page, shown));
  }
  shown.common_prefixes = page.common_prefixes();
  shown.truncated = page.truncated();
  shown.next_token = page.next_token();
  return shown;
}

Result<std::optional<StoredObject>> ObjectService::State::judge_change(
    const std::string& bucket, const std::string& key, const Conditions& conditions, const Caller& caller,
    storage::Transaction& transaction) const {
  TRY(const auto known_bucket, parts.buckets.get(bucket));
  TRY_VOID(parts.apps.require_writable(known_bucket.app, transaction));
  if (!parts.writer.may_write()) return fail(parts.writer.state().refusal());
  TRY(auto current, find(bucket, key));
  if (current) TRY_VOID(check_may_replace(current->object, caller));
  TRY_VOID(judge_write(conditions, current ? std::optional(validators_of(current->object)) : std::nullopt,
                       parts.clock.now()));
  const auto stored_key = object_key(bucket, key);
  transaction.require_present(buckets_table, bucket_key(bucket), no_such_bucket());
  if (current) {
    transaction.require_unchanged(objects_table, stored_key, current->tag, object_changed());
  } else {
    transaction.require_absent(objects_table, stored_key, object_changed());
  }
  return current;
}

void ObjectService::State::retire(const StoredObject& current, storage::Transaction& transaction) {
  if (current.object.blob) {
    transaction.erase(blob_names_table, blob_name_key(*current.object.blob));
  } else {
    transaction.erase(object_bytes_table, object_key(current.object.bucket, current.object.key));
  }
}

void ObjectService::State::audit_if_anothers(std::string_view kind, const Object& object,
                                             const Caller& caller, const std::string& request_id,
                                             storage::Transaction& transaction) const {
  if (caller.subject == object.owner) return;
  transaction.audit({.time = parts.clock.now(),
                     .kind = std::string(kind),
                     .actor_kind = "user",
                     .actor = caller.subject,
                     .target_kind = "object",
                     .target = std::string(object.bucket).append("/").append(object.key),
                     .region = parts.writer.state().view().self.str(),
                     .request_id = request_id,
                     .details = {}});
}

ObjectService::ObjectService(Parts parts) : state_(std::make_shared<State>(parts)) {}

async::Task<Result<Object>> ObjectService::head(std::string bucket, std::string key) {
  CO_TRY_VOID(state_->parts.buckets.get(bucket));
  CO_TRY(auto stored, co_await async::offload(state_->parts.disk, [&] { return state_->find(bucket, key); }));
  if (!stored) co_return fail(no_such_key());
  co_return std::move(stored->object);
}

async::Task<Result<Found>> ObjectService::get(std::string bucket, std::string key) {
  CO_TRY_VOID(state_->parts.buckets.get(bucket));
  co_return co_await async::offload(state_->parts.disk, [&] { return state_->get(bucket, key); });
}

async::Task<Result<ObjectPage>> ObjectService::list(std::string bucket, ListQuery query) {
  CO_TRY_VOID(state_->parts.buckets.get(bucket));
  co_return co_await async::offload(state_->parts.disk, [&] { return state_->list(bucket, query); });
}

async::Task<Result<std::optional<region::CommitReceipt>>> ObjectService::remove(
    std::string bucket, std::string key, Conditions conditions, Caller caller, std::string request_id) {
  auto& parts = state_->parts;
  for (int attempt = 1;; ++attempt) {
    auto transaction = parts.db.transaction();
    transaction.for_request(request_id);
    CO_TRY(const auto current, co_await async::offload(parts.disk, [&] {
             return state_->judge_change(bucket, key, conditions, caller, transaction);
           }));
    if (!current) co_return std::nullopt;
    State::retire(*current, transaction);
    transaction.erase(objects_table, object_key(bucket, key));
    state_->audit_if_anothers("OBJECT_REMOVED", current->object, caller, request_id, transaction);
    const auto receipt = co_await parts.writer.commit(std::move(transaction));
    if (receipt) co_return *receipt;
    if (!is_object_race(receipt.error()) || attempt == object_attempts) co_return fail(receipt.error());
  }
}

Result<std::optional<storage::BlobContent>> ObjectService::content_of(const BlobId& blob) const {
  const auto reader = state_->parts.db.snapshot();
  TRY(const auto name, reader.find(blob_names_table, blob_name_key(blob)));
  if (!name) return std::nullopt;
  TRY(const auto stored_key, object_key_of_blob_name(name->plain));
  TRY(const auto row, reader.get(objects_table, stored_key));
  TRY(auto object, decode_object(stored_key, row.plain));
  if (object.blob != blob) return damaged("a blob's name leads to another object");
  return storage::BlobContent{.size = object.size, .sha256 = std::move(object.sha256)};
}

Result<bool> ObjectService::is_referenced(const BlobId& blob) const {
  TRY(const auto row, state_->parts.db.reader().find(blob_names_table, blob_name_key(blob)));
  return row.has_value();
}

Result<> ObjectService::visit_referenced(const BlobId& after, std::size_t limit,
                                         const std::function<void(const BlobId&)>& visit) const {
  const auto begin = after.empty() ? Bytes{} : blob_name_key(after);
  return state_->parts.db.reader().scan(
      blob_names_table, {}, begin, limit,
      [&](BytesView key, const storage::Stored&) { visit(blob_of_key(key)); });
}

storage::Subscription ObjectService::observe_blobs(
    std::function<void(const BlobId&, bool named)> named) const {
  return state_->parts.db.observe(blob_names_table, [named = std::move(named)](BytesView key, bool deleted) {
    named(blob_of_key(key), !deleted);
  });
}

}  // namespace holdfast::objects
