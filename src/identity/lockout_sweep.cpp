// The sweeping half of LockoutService: rows of names that are nobody's, a day after their last failure.
// Users' rows go with their users.
#include "holdfast/async/timer.h"
#include "holdfast/base/log.h"
#include "lockout_state.h"
#include "records.h"
#include "store_support.h"
#include "tables.h"

namespace holdfast::identity {
namespace {

constexpr std::size_t names_at_a_time = 1000;
constexpr std::chrono::minutes names_sweep_pause{10};

}  // namespace

Result<LockoutService::Swept> LockoutService::sweep_local_names(Bytes after) {
  const WallTime now = base_.clock.now();
  Swept swept;
  storage::LocalDb::Batch batch;
  std::size_t seen = 0;
  TRY_VOID(base_.local.scan(storage::local_tables::counters, local_name_failures().take(), after,
                            names_at_a_time, [&](BytesView key, BytesView plain) {
                              ++seen;
                              swept.last = Bytes(key);
                              const auto count = decode_failure_count(plain);
                              if (count && is_forgotten(*count, now))
                                batch.erase(storage::local_tables::counters, key);
                              else
                                ++swept.kept;
                              return true;
                            }));
  swept.is_end = seen < names_at_a_time;
  if (swept.kept < seen) TRY_VOID(base_.local.write(std::move(batch)));
  return swept;
}

Result<LockoutService::Swept> LockoutService::sweep_replicated_names(
    Bytes after, storage::Transaction& transaction) const {
  const WallTime now = base_.clock.now();
  Swept swept;
  std::size_t seen = 0;
  TRY_VOID(base_.core.reader().scan(
      name_failures_table, {}, after, names_at_a_time, [&](BytesView key, const storage::Stored& row) {
        ++seen;
        swept.last = Bytes(key);
        const auto count = decode_failure_count(row.plain);
        if (!count || !is_forgotten(*count, now)) return void(++swept.kept);
        // One that fails again meanwhile is counted.
        transaction.require_unchanged(name_failures_table, key, row.tag, changed_meanwhile());
        transaction.erase(name_failures_table, key);
      }));
  swept.is_end = seen < names_at_a_time;
  return swept;
}

async::Task<Result<>> LockoutService::sweep() {
  std::size_t kept = 0;
  Swept part;
  do {
    CO_TRY(part, co_await async::offload(base_.disk, [&] { return sweep_local_names(part.last); }));
    kept += part.kept;
  } while (!part.is_end);
  part = {};
  do {
    storage::Transaction transaction = base_.core.transaction();
    CO_TRY(part, co_await async::offload(base_.disk,
                                         [&] { return sweep_replicated_names(part.last, transaction); }));
    kept += part.kept;
    if (transaction.empty() || !base_.writer.may_write()) continue;
    const auto written = co_await base_.writer.commit(std::move(transaction));
    if (!written && written.error().kind != ErrorKind::conflict) co_return fail(written.error());
  } while (!part.is_end);
  state_->name_rows = kept;
  co_return Result<>{};
}

async::Task<> LockoutService::run() {
  for (;;) {
    if (const auto swept = co_await sweep(); !swept)
      log::error(log::own_work, "counted failures of long ago", swept.error());
    co_await async::sleep_for(names_sweep_pause);
  }
}

}  // namespace holdfast::identity
