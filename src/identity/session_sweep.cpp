// The sweeping half of SessionService: rows whose time is over.
#include <mutex>
#include <shared_mutex>

#include "holdfast/async/timer.h"
#include "holdfast/base/log.h"
#include "holdfast/identity/session_service.h"
#include "records.h"
#include "session_state.h"
#include "tables.h"

namespace holdfast::identity {

Result<std::size_t> SessionService::sweep_local(std::size_t limit) {
  const WallTime now = base_.clock.now();
  storage::LocalDb::Batch batch;
  std::size_t gone = 0;
  const auto look = [&](const storage::LocalTable& table, Bytes& from, auto is_over) -> Result<> {
    std::size_t seen = 0;
    Bytes last;
    TRY_VOID(base_.local.scan(table, {}, from, limit, [&](BytesView key, BytesView plain) {
      ++seen;
      last = Bytes(key);
      if (is_over(last, plain)) {
        batch.erase(table, key);
        ++gone;
      }
      return true;
    }));
    from = seen < limit ? Bytes() : last;
    return {};
  };
  TRY_VOID(look(local_sessions, state_->swept_local_sessions, [&](const Bytes&, BytesView plain) {
    const auto session = decode_session({}, {}, {}, plain);
    return session && session->expires_at < now;
  }));
  const std::scoped_lock rows(state_->local_revocation_rows);
  TRY_VOID(look(local_revocations, state_->swept_local_revocations, [&](const Bytes& key, BytesView) {
    const std::unique_lock lock(state_->mutex);
    const auto known = state_->local_revocations.find(key);
    // Memory is ahead of the row: what is not over there will be written again.
    if (known != state_->local_revocations.end() && known->second.keep_until >= now) return false;
    state_->local_revocations.erase(key);
    return true;
  }));
  if (gone > 0) TRY_VOID(base_.local.write(std::move(batch)));
  return gone;
}

Result<std::size_t> SessionService::sweep_replicated(storage::Transaction& transaction, std::size_t limit) {
  const WallTime now = base_.clock.now();
  std::size_t gone = 0;
  const auto look = [&](const storage::Table& table, Bytes& from, auto is_over) -> Result<> {
    std::size_t seen = 0;
    Bytes last;
    TRY_VOID(
        base_.core.reader().scan(table, {}, from, limit, [&](BytesView key, const storage::Stored& stored) {
          ++seen;
          last = Bytes(key);
          if (!is_over(stored.plain)) return;
          transaction.erase(table, key);
          ++gone;
        }));
    from = seen < limit ? Bytes() : last;
    return {};
  };
  TRY_VOID(look(sessions_table, state_->swept_sessions, [&](BytesView plain) {
    const auto session = decode_session({}, {}, {}, plain);
    return session && session->expires_at < now;
  }));
  TRY_VOID(look(revocations_table, state_->swept_revocations, [&](BytesView plain) {
    const auto revocation = decode_revocation(plain);
    return revocation && revocation->keep_until < now;
  }));
  return gone;
}

async::Task<Result<std::size_t>> SessionService::sweep(std::size_t limit) {
  CO_TRY(std::size_t gone, co_await async::offload(base_.disk, [&] { return sweep_local(limit); }));
  if (!base_.writer.may_write()) co_return gone;
  storage::Transaction transaction = base_.core.transaction();
  CO_TRY(const std::size_t replicated,
         co_await async::offload(base_.disk, [&] { return sweep_replicated(transaction, limit); }));
  if (!transaction.empty()) CO_TRY_VOID(co_await base_.writer.commit(std::move(transaction)));
  co_return gone + replicated;
}

async::Task<> SessionService::run() {
  for (;;) {
    const auto swept = co_await sweep(2000);
    if (!swept) log::error(log::own_work, "expired sessions", swept.error());
    co_await async::sleep_for(std::chrono::minutes(1));
  }
}

}  // namespace holdfast::identity
