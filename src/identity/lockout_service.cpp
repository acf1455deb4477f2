#include "holdfast/identity/lockout_service.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"
#include "holdfast/identity/user_rules.h"
#include "lockout_state.h"
#include "records.h"
#include "tables.h"
#include "user_store.h"

namespace holdfast::identity {
namespace {

metrics::Metric refused_attempts{metrics::Kind::counter, "holdfast_password_attempts_refused_total",
                                 "Password attempts refused unseen because of earlier failures."};
metrics::Metric failed_attempts{metrics::Kind::counter, "holdfast_password_attempts_failed_total",
                                "Password attempts that failed."};

std::string live_name(const AttemptSubject& subject) { return subject.pool.str() + "\n" + subject.blind; }

FailureCount newer_of(const FailureCount& a, const FailureCount& b) {
  if (a.epoch != b.epoch) return a.epoch > b.epoch ? a : b;
  return {.failures = std::max(a.failures, b.failures),
          .last_failure = std::max(a.last_failure, b.last_failure),
          .epoch = a.epoch};
}

}  // namespace

/// Where the counts of a subject are: a user's by `sub`, those of a name that is nobody's by its blinded
/// form. Beyond this nothing differs, or answers would tell which names there are.
struct LockoutService::Place {
  const storage::Table* table;
  storage::Table owners;  ///< the row without which nothing is kept
  Bytes owner;
  Bytes key;  ///< of the rows, without the region that counts
  Bytes local;
};

struct LockoutService::Attempt::Body {
  State* state;
  AttemptSubject subject;
  std::string name;
  FailureCount count;  ///< when it was admitted
  bool others_counted = false;

  ~Body() {
    const std::scoped_lock lock(state->mutex);
    state->leave(name);
  }
};

LockoutService::Attempt::Attempt(std::unique_ptr<Body> body) : body_(std::move(body)) {}
LockoutService::Attempt::Attempt(Attempt&&) noexcept = default;
LockoutService::Attempt& LockoutService::Attempt::operator=(Attempt&&) noexcept = default;
LockoutService::Attempt::~Attempt() = default;

LockoutService::LockoutService(Foundation base, LockoutLimits limits)
    : base_(std::move(base)), limits_(limits), state_(std::make_unique<State>(limits.live_names)) {}
LockoutService::~LockoutService() = default;

Result<LockoutService::Place> LockoutService::place_of(const AttemptSubject& subject) {
  if (!subject.user) {
    return Place{.table = &name_failures_table,
                 .owners = pools_table,
                 .owner = pool_key(subject.pool),
                 .key = pool_prefix(subject.pool).fixed(subject.blind).take(),
                 .local = local_name_failures().text(subject.pool.str()).fixed(subject.blind).take()};
  }
  TRY(const Bytes sub, uuid_bytes(subject.user->str()));
  const Bytes user = user_key(subject.pool, sub);
  return Place{.table = &failures_table,
               .owners = users_table,
               .owner = user,
               .key = user,
               .local = storage::KeyWriter().text("password").text(subject.pool.str()).fixed(sub).take()};
}

Bytes LockoutService::own_row(const Place& place) const {
  return storage::KeyWriter().fixed(place.key).text(base_.region.str()).take();
}

// In up to two rows: one of the log, one of the time when this region could not write there. A void count of
// one must not come back with a newer time of the other.
Result<FailureCount> LockoutService::load_own(const AttemptSubject& subject) const {
  const WallTime now = base_.clock.now();
  FailureCount own;
  own.epoch = subject.epoch;
  TRY(const Place place, place_of(subject));
  TRY(const auto row, base_.core.reader().find(*place.table, own_row(place)));
  if (row) {
    TRY(const auto count, decode_failure_count(row->plain));
    if (!is_forgotten(count, now)) own = newer_of(own, count);
  }
  TRY(const auto local, base_.local.find(storage::local_tables::counters, place.local));
  if (local) {
    TRY(const auto count, decode_failure_count(*local));
    if (!is_forgotten(count, now)) own = newer_of(own, count);
  }
  return own;
}

Result<FailureCount> LockoutService::others(const AttemptSubject& subject) const {
  std::vector<FailureCount> counts;
  TRY(const Place place, place_of(subject));
  TRY_VOID(base_.core.reader().scan(
      *place.table, place.key, {}, 100, [&](BytesView key, const storage::Stored& row) {
        if (storage::KeyReader(key.substr(place.key.size())).text() == base_.region.str()) return;
        if (const auto count = decode_failure_count(row.plain)) counts.push_back(*count);
      }));
  return total_failures(counts, subject.epoch, base_.clock.now());
}

async::Task<Result<LockoutService::Attempt>> LockoutService::admit(AttemptSubject subject) {
  std::string name = live_name(subject);
  bool known = false;
  {
    const std::scoped_lock lock(state_->mutex);
    known = state_->find(name) != nullptr;
  }
  Live fresh;
  fresh.count.epoch = subject.epoch;
  if (!known) {
    CO_TRY(fresh.count, co_await async::offload(base_.disk, [this, &subject] { return load_own(subject); }));
  }
  CO_TRY(const auto elsewhere, others(subject));

  const std::scoped_lock lock(state_->mutex);
  Live* live = state_->find(name);
  if (live == nullptr) live = &state_->put(name, fresh);
  if (live->count.epoch < subject.epoch)
    live->count = {.failures = 0, .last_failure = {}, .epoch = subject.epoch};
  const WallTime now = base_.clock.now();
  if (is_forgotten(live->count, now)) live->count.failures = 0;
  const FailureCount total = total_failures(std::vector{live->count, elsewhere}, subject.epoch, now);
  const bool waits = total.failures >= lockout_threshold && now < locked_until(total);
  const bool too_many_at_once = live->under_way > 0 && total.failures + live->under_way >= lockout_threshold;
  if (waits || too_many_at_once) {
    refused_attempts.add();
    co_return fail(ErrorKind::unauthenticated, "password_attempts_exceeded", "Password attempts exceeded");
  }
  ++live->under_way;
  co_return Attempt(std::make_unique<Attempt::Body>(state_.get(), std::move(subject), std::move(name),
                                                    live->count, elsewhere.failures > 0));
}

async::Task<> LockoutService::failed(Attempt attempt) {
  failed_attempts.add();
  FailureCount count;
  {
    const std::scoped_lock lock(state_->mutex);
    Live* live = state_->find(attempt.body_->name);
    if (live == nullptr) live = &state_->put(attempt.body_->name, Live{.count = attempt.body_->count});
    ++live->count.failures;
    live->count.last_failure = base_.clock.now();
    live->is_changed = true;
    count = live->count;
  }
  state_->writing.spawn(co_await boost::asio::this_coro::executor, store(attempt.body_->subject, count));
}

async::Task<> LockoutService::succeeded(Attempt attempt) {
  bool counted = false;
  {
    const std::scoped_lock lock(state_->mutex);
    if (Live* live = state_->find(attempt.body_->name); live != nullptr) {
      counted = live->count.failures > 0;
      live->count.failures = 0;
      live->is_changed |= counted;
      live->is_known = true;
    }
  }
  const bool others_counted = attempt.body_->others_counted;
  if (attempt.body_->subject.user && (counted || others_counted)) {
    state_->writing.spawn(co_await boost::asio::this_coro::executor,
                          clear(attempt.body_->subject, others_counted));
  }
}

// Each row of a name that is nobody's has cost a hash, and anybody may make them.
async::Task<Result<bool>> LockoutService::has_room(AttemptSubject subject, FailureCount count) {
  if (subject.user) co_return true;
  if (state_->name_rows >= limits_.name_rows) {
    CO_TRY(const auto kept, co_await async::offload(base_.disk, [&] { return load_own(subject); }));
    co_return kept.failures > 0;
  }
  if (count.failures == 1) ++state_->name_rows;
  co_return true;
}

async::Task<> LockoutService::store(AttemptSubject subject, FailureCount count) {
  const auto place = place_of(subject);
  const auto room = co_await has_room(subject, count);
  if (!place || !room || !*room) co_return;
  if (base_.writer.may_write()) {
    storage::Transaction transaction = base_.core.transaction();
    transaction.for_request(subject.request_id)
        .require_present(place->owners, place->owner, not_found("nothing to count for"))
        .put(*place->table, own_row(*place), storage::Scope::pool(subject.pool), record_version,
             encode(count));
    const auto written = co_await base_.writer.commit(std::move(transaction));
    if (written || written.error().kind == ErrorKind::not_found) co_return;
  }
  const auto kept = co_await async::offload(base_.disk, [&] {
    return base_.local.put(storage::local_tables::counters, place->local, encode(count));
  });
  if (!kept)
    log::error(log::For{subject.request_id}, "a failed attempt is counted in memory only", kept.error());
}

async::Task<> LockoutService::clear(AttemptSubject subject, bool others_counted) {
  const auto place = place_of(subject);
  if (!place) co_return;
  const auto erased = co_await async::offload(
      base_.disk, [&] { return base_.local.erase(storage::local_tables::counters, place->local); });
  if (!erased)
    log::error(log::For{subject.request_id}, "counted failures could not be removed from local.db",
               erased.error());
  if (!base_.writer.may_write()) co_return;
  storage::Transaction transaction = base_.core.transaction();
  transaction.for_request(subject.request_id).erase(*place->table, own_row(*place));
  // Another region's count is not ours to erase; a higher epoch voids it.
  if (others_counted) {
    const auto credential = find_credential(base_.core.reader(), subject.pool, *subject.user);
    if (credential && *credential) {
      PasswordCredential raised = (*credential)->value;
      ++raised.lockout_epoch;
      transaction.require_unchanged(credentials_table, place->owner, (*credential)->tag, changed_meanwhile())
          .put(credentials_table, place->owner, storage::Scope::pool(subject.pool), record_version,
               encode(raised));
    }
  }
  const auto written = co_await base_.writer.commit(std::move(transaction));
  if (!written && written.error().kind != ErrorKind::conflict) {
    log::error(log::For{subject.request_id}, "counted failures could not be removed", written.error());
  }
}

async::Task<> LockoutService::settled() { (void)co_await state_->writing.join(); }

}  // namespace holdfast::identity
