#include <utility>

#include "holdfast/base/encoding.h"
#include "holdfast/base/log.h"
#include "holdfast/crypto/random.h"
#include "holdfast/objects/object_rules.h"
#include "object_service_state.h"

/// Upload, and how ObjectService begins one.
namespace holdfast::objects {
namespace {

/// Bytes gathered before a hop to the disk pool: four hops for a megabyte.
constexpr std::size_t gathered_bytes = 256UL * 1024;

Error too_large(std::uint64_t most) {
  return {ErrorKind::too_large,
          "object_too_large",
          "an object has at most " + std::to_string(most) + " bytes",
          {}};
}

Result<> check_content(const ExpectedContent& expected, const Object& object,
                       const std::optional<Bytes>& checksum) {
  if (expected.size && *expected.size != object.size) {
    return fail(ErrorKind::invalid, "incomplete_body",
                "the body does not have the announced number of bytes");
  }
  if (expected.md5 && *expected.md5 != object.md5) {
    return fail(ErrorKind::invalid, "bad_digest", "the Content-MD5 does not match what was received");
  }
  if (expected.sha256 && *expected.sha256 != object.sha256) {
    return fail(ErrorKind::invalid, "sha256_mismatch",
                "the x-amz-content-sha256 does not match what was received");
  }
  if (expected.checksum && checksum != expected.checksum) {
    return fail(ErrorKind::invalid, "bad_digest", "the checksum does not match what was received");
  }
  return {};
}

}  // namespace

struct Upload::State {
  std::shared_ptr<ObjectService::State> service;
  PutRequest request;
  AppId app{};  ///< whose bucket it was when the upload began: who calls was admitted to that app
  Bytes gathered{};
  std::uint64_t size = 0;
  std::optional<Checksum> checksum{};
  std::optional<storage::BlobWriter> blob{};

  /// Blocking: what was gathered goes to the blob, which begins when it must.
  Result<> flush() {
    if (checksum) checksum->update(gathered);
    if (!blob) {
      TRY(const auto key, service->parts.db.keys()->key_for(storage::Scope::bucket(request.bucket)));
      TRY(auto begun, service->parts.blobs.create(key));
      blob.emplace(std::move(begun));
    }
    TRY_VOID(blob->add(gathered));
    gathered.clear();
    return {};
  }

  /// Blocking: hashes and, for a blob, syncs; then compares with what was announced.
  Result<Object> close(const ExpectedContent& expected);
  /// Adds the new version; `checked` is what the caller's bytes turned out to be.
  Result<Object> build(const Object& checked, storage::Transaction& transaction) const;
  void drop_blob(const Object& object) const;
};

Upload::Upload(std::unique_ptr<State> state) : state_(std::move(state)) {}
Upload::Upload(Upload&&) noexcept = default;
Upload& Upload::operator=(Upload&&) noexcept = default;
Upload::~Upload() = default;

async::Task<Result<Upload>> ObjectService::begin_put(PutRequest request,
                                                     std::optional<std::uint64_t> announced_size) {
  CO_TRY(const auto bucket, state_->parts.buckets.get(request.bucket));
  CO_TRY_VOID(check_object_key(request.key));
  CO_TRY_VOID(check_content_type(request.content_type));
  CO_TRY_VOID(check_user_metadata(request.metadata));
  const std::uint64_t most = state_->parts.max_object_bytes;
  if (announced_size && *announced_size > most) co_return fail(too_large(most));
  // Judged for the refusals only: finish judges again, in the transaction that writes.
  auto transaction = state_->parts.db.transaction();
  CO_TRY_VOID(co_await async::offload(state_->parts.disk, [&] {
    return state_->judge_change(request.bucket, request.key, request.conditions, request.caller, transaction);
  }));
  auto upload = std::make_unique<Upload::State>(
      Upload::State{.service = state_, .request = std::move(request), .app = bucket.app});
  if (upload->request.checksum) upload->checksum.emplace(*upload->request.checksum);
  co_return Upload(std::move(upload));
}

async::Task<Result<>> Upload::add(Bytes bytes) {
  state_->size += bytes.size();
  const std::uint64_t most = state_->service->parts.max_object_bytes;
  if (state_->size > most) co_return fail(too_large(most));
  if (state_->gathered.empty() && state_->gathered.capacity() < bytes.capacity()) {
    state_->gathered = std::move(bytes);  // all there is of most objects
  } else {
    if (state_->gathered.capacity() < gathered_bytes) state_->gathered.reserve(gathered_bytes + bytes.size());
    state_->gathered += bytes;
  }
  if (state_->gathered.size() < gathered_bytes) co_return Result<>{};
  co_return co_await async::offload(state_->service->parts.disk, [this] { return state_->flush(); });
}

void Upload::act_for(Caller caller) { state_->request.caller = std::move(caller); }

Result<Object> Upload::State::close(const ExpectedContent& expected) {
  if (blob || size > max_inline_bytes) {
    TRY_VOID(flush());
  } else if (checksum) {
    checksum->update(gathered);
  }
  Object object{
      .bucket = request.bucket,
      .key = request.key,
      .version = crypto::random_uuid(),
      .size = size,
      .content_type = request.content_type.empty() ? "application/octet-stream" : request.content_type,
      .metadata = request.metadata};
  if (blob) {
    TRY(auto info, blob->finish());
    object.blob = std::move(info.id);
    object.md5 = std::move(info.md5);
    object.sha256 = std::move(info.sha256);
  } else {
    crypto::Md5 md5;
    md5.update(gathered);
    object.md5 = md5.finish();
    object.sha256 = crypto::sha256(gathered);
  }
  const auto computed = checksum ? std::optional(checksum->finish()) : std::nullopt;
  if (auto good = check_content(expected, object, computed); !good) {
    drop_blob(object);
    return fail(std::move(good).error());
  }
  return object;
}

Result<Object> Upload::State::build(const Object& checked, storage::Transaction& transaction) const {
  TRY(const auto current,
      service->judge_change(request.bucket, request.key, request.conditions, request.caller, transaction));
  // A bucket that was deleted and made anew for another app meanwhile is not the one that was asked for. It
  // cannot become that any more: deleting takes a change of the app's state, which the transaction excludes.
  TRY(const auto bucket, service->parts.buckets.get(request.bucket));
  if (bucket.app != app) return fail(no_such_bucket());
  Object object = checked;
  object.owner = request.caller.subject;
  object.owner_name = request.caller.name;
  if (current) {
    // An administrator's edit does not take the object from its owner.
    object.owner = current->object.owner;
    object.owner_name = current->object.owner_name;
    service->audit_if_anothers("OBJECT_REPLACED", current->object, request.caller, request.request_id,
                               transaction);
    ObjectService::State::retire(*current, transaction);
  }
  object.modified_at = service->parts.clock.now();
  const auto scope = storage::Scope::bucket(request.bucket);
  const auto stored_key = object_key(request.bucket, request.key);
  transaction.put(objects_table, stored_key, scope, object_version, encode_object(object));
  if (object.blob) {
    transaction.put(blob_names_table, blob_name_key(*object.blob), scope, blob_name_version,
                    encode_blob_name(request.bucket, request.key));
  } else {
    transaction.put(object_bytes_table, stored_key, scope, object_bytes_version, gathered);
  }
  return object;
}

void Upload::State::drop_blob(const Object& object) const {
  if (!object.blob) return;
  if (const auto removed = service->parts.blobs.remove(*object.blob); !removed) {
    log::warn(log::For{request.request_id}, "a refused upload's blob is left to the collector",
              {{"reason", removed.error().describe()}});
  }
}

async::Task<Result<identity::Written<Object>>> Upload::finish(ExpectedContent expected) {
  auto& parts = state_->service->parts;
  CO_TRY(const auto checked, co_await async::offload(parts.disk, [&] { return state_->close(expected); }));
  for (int attempt = 1;; ++attempt) {
    auto transaction = parts.db.transaction();
    transaction.for_request(state_->request.request_id);
    auto object = co_await async::offload(parts.disk, [&] { return state_->build(checked, transaction); });
    Error refusal;
    if (object) {
      const auto receipt = co_await parts.writer.commit(std::move(transaction));
      if (receipt) co_return identity::Written<Object>{.value = *std::move(object), .receipt = *receipt};
      refusal = receipt.error();
      if (is_object_race(refusal) && attempt < object_attempts) continue;
    } else {
      refusal = object.error();
    }
    // When the outcome is unknown a row may name the blob: the collector will see.
    if (refusal.kind != ErrorKind::outcome_unknown) {
      (void)co_await async::offload(parts.disk, [&]() -> Result<> {
        state_->drop_blob(checked);
        return {};
      });
    }
    co_return fail(std::move(refusal));
  }
}

}  // namespace holdfast::objects
