#include "holdfast/identity/idempotency_service.h"

#include <utility>

#include "holdfast/async/timer.h"
#include "holdfast/base/log.h"
#include "records.h"
#include "tables.h"

namespace holdfast::identity {
namespace {

Error raced() {
  return {
      ErrorKind::conflict, "idempotency_raced", "another request with this Idempotency-Key was first", {}};
}

}  // namespace

struct IdempotencyService::Found {
  Bytes key;
  std::optional<KeptAnswer> answer;
  std::optional<storage::RowTag> tag;
};

IdempotencyService::IdempotencyService(storage::CoreDb& core, region::Writer& writer, const Clock& clock)
    : core_(&core), writer_(&writer), clock_(&clock) {}
IdempotencyService::~IdempotencyService() = default;

Result<IdempotencyService::Found> IdempotencyService::look_up(const IdempotentRequest& request) const {
  // Length-prefixed, so that no two different requests are one text.
  const Bytes name = storage::KeyWriter().text(request.caller).text(request.route).text(request.key).take();
  Found found;
  TRY(found.key, storage::Blinder(*core_->keys()).blind("idempotency", name, storage::Normalisation::exact));
  TRY(const auto row, core_->reader().find(idempotency_table, found.key));
  if (!row) return found;
  found.tag = row->tag;
  TRY(found.answer, decode_kept_answer(row->plain));
  return found;
}

Result<std::optional<KeptAnswer>> IdempotencyService::find(const IdempotentRequest& request) const {
  TRY(auto found, look_up(request));
  if (!found.answer || clock_->now() >= found.answer->expires_at) return std::nullopt;
  if (found.answer->body_hash != request.body_hash) {
    return fail(ErrorKind::conflict, "idempotency_key_reused",
                "this Idempotency-Key was used with another body");
  }
  return std::move(found.answer);
}

Result<> IdempotencyService::keep(storage::Transaction& transaction, const IdempotentRequest& request,
                                  std::uint16_t status, std::string body) const {
  TRY(const auto found, look_up(request));
  const WallTime now = clock_->now();
  if (found.tag && now >= found.answer->expires_at) {
    transaction.require_unchanged(idempotency_table, found.key, *found.tag, raced());
  } else {
    transaction.require_absent(idempotency_table, found.key, raced());
  }
  transaction.put(idempotency_table, found.key, storage::Scope::system(), record_version,
                  encode(KeptAnswer{.body_hash = request.body_hash,
                                    .status = status,
                                    .body = std::move(body),
                                    .expires_at = now + idempotency_lifetime}));
  return {};
}

storage::Position IdempotencyService::position() const { return storage::position_of(core_->durable()); }

async::Task<Result<std::size_t>> IdempotencyService::sweep(std::size_t limit) {
  if (!writer_->may_write()) co_return std::size_t{0};
  storage::Transaction transaction = core_->transaction();
  std::size_t gone = 0;
  std::size_t seen = 0;
  Bytes last;
  CO_TRY_VOID(core_->reader().scan(
      idempotency_table, {}, swept_, limit, [&](BytesView key, const storage::Stored& stored) {
        ++seen;
        last = Bytes(key);
        const auto answer = decode_kept_answer(stored.plain);
        if (!answer || clock_->now() < answer->expires_at) return;
        // A request that takes the key's place meanwhile keeps it.
        transaction.require_unchanged(idempotency_table, key, stored.tag, raced());
        transaction.erase(idempotency_table, key);
        ++gone;
      }));
  if (!transaction.empty()) CO_TRY_VOID(co_await writer_->commit(std::move(transaction)));
  swept_ = seen < limit ? Bytes() : last;
  co_return gone;
}

async::Task<> IdempotencyService::run() {
  for (;;) {
    const auto swept = co_await sweep(2000);
    if (!swept) log::error(log::own_work, "expired answers of creations", swept.error());
    co_await async::sleep_for(std::chrono::minutes(1));
  }
}

}  // namespace holdfast::identity
