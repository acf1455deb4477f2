#include "holdfast/identity/lockout_service.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "holdfast/async/task_group.h"
#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"
#include "holdfast/identity/user_rules.h"
#include "records.h"
#include "tables.h"
#include "user_store.h"

namespace holdfast::identity {
namespace {

metrics::Metric refused_attempts{metrics::Kind::counter, "holdfast_password_attempts_refused_total",
                                 "Password attempts refused unseen because of earlier failures."};
metrics::Metric failed_attempts{metrics::Kind::counter, "holdfast_password_attempts_failed_total",
                                "Password attempts that failed."};

// Two generations of this many names; forgetting a known account's count only costs a read of its row.
constexpr std::size_t live_names = 50'000;

std::string live_name(const AttemptSubject& subject) { return subject.pool.str() + "\n" + subject.blind; }

Bytes own_failures_key(const AttemptSubject& subject, BytesView sub, const RegionName& region) {
  return pool_prefix(subject.pool).fixed(sub).text(region.str()).take();
}

Bytes local_failures_key(const AttemptSubject& subject, BytesView sub) {
  return storage::KeyWriter().text("password").text(subject.pool.str()).fixed(sub).take();
}

FailureCount newer_of(const FailureCount& a, const FailureCount& b) {
  if (a.epoch != b.epoch) return a.epoch > b.epoch ? a : b;
  return {.failures = std::max(a.failures, b.failures),
          .last_failure = std::max(a.last_failure, b.last_failure),
          .epoch = a.epoch};
}

}  // namespace

struct LockoutService::Live {
  FailureCount count;
  std::uint32_t under_way = 0;
};

struct LockoutService::State {
  std::mutex mutex;
  std::unordered_map<std::string, Live> young;
  std::unordered_map<std::string, Live> old;
  async::TaskGroup writing{"failed attempts"};

  /// Moves what is used to the young generation. Call with the mutex held.
  Live* find(const std::string& name) {
    if (const auto found = young.find(name); found != young.end()) return &found->second;
    const auto aged = old.find(name);
    if (aged == old.end()) return nullptr;
    Live live = aged->second;
    old.erase(aged);
    return &put(name, live);
  }
  Live& put(const std::string& name, const Live& live) {
    if (young.size() >= live_names) {
      old = std::exchange(young, {});
    }
    return young.insert_or_assign(name, live).first->second;
  }
};

struct LockoutService::Attempt::Body {
  State* state;
  AttemptSubject subject;
  std::string name;
  bool others_counted = false;

  ~Body() {
    const std::scoped_lock lock(state->mutex);
    if (Live* live = state->find(name); live != nullptr && live->under_way > 0) --live->under_way;
  }
};

LockoutService::Attempt::Attempt(std::unique_ptr<Body> body) : body_(std::move(body)) {}
LockoutService::Attempt::Attempt(Attempt&&) noexcept = default;
LockoutService::Attempt& LockoutService::Attempt::operator=(Attempt&&) noexcept = default;
LockoutService::Attempt::~Attempt() = default;

LockoutService::LockoutService(Foundation base) : base_(std::move(base)), state_(std::make_unique<State>()) {}
LockoutService::~LockoutService() = default;

Result<FailureCount> LockoutService::load_own(const AttemptSubject& subject) const {
  FailureCount own;
  own.epoch = subject.epoch;
  if (!subject.user) return own;
  TRY(const Bytes sub, uuid_bytes(subject.user->str()));
  TRY(const auto row, base_.core.reader().find(failures_table, own_failures_key(subject, sub, base_.region)));
  if (row) {
    TRY(const auto count, decode_failure_count(row->plain));
    own = newer_of(own, count);
  }
  TRY(const auto local, base_.local.find(storage::local_tables::counters, local_failures_key(subject, sub)));
  if (local) {
    TRY(const auto count, decode_failure_count(*local));
    own = newer_of(own, count);
  }
  return own;
}

Result<FailureCount> LockoutService::others(const AttemptSubject& subject) const {
  std::vector<FailureCount> counts;
  if (subject.user) {
    TRY(const Bytes sub, uuid_bytes(subject.user->str()));
    const Bytes prefix = user_key(subject.pool, sub);
    TRY_VOID(base_.core.reader().scan(
        failures_table, prefix, {}, 100, [&](BytesView key, const storage::Stored& row) {
          if (storage::KeyReader(key.substr(prefix.size())).text() == base_.region.str()) return;
          if (const auto count = decode_failure_count(row.plain)) counts.push_back(*count);
        }));
  }
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
  if (!known && subject.user) {
    CO_TRY(fresh.count, co_await async::offload(base_.disk, [this, &subject] { return load_own(subject); }));
  }
  CO_TRY(const auto elsewhere, others(subject));

  const std::scoped_lock lock(state_->mutex);
  Live* live = state_->find(name);
  if (live == nullptr) live = &state_->put(name, fresh);
  if (live->count.epoch < subject.epoch)
    live->count = {.failures = 0, .last_failure = {}, .epoch = subject.epoch};
  const WallTime now = base_.clock.now();
  const FailureCount total = total_failures(std::vector{live->count, elsewhere}, subject.epoch, now);
  const bool waits = total.failures >= lockout_threshold && now < locked_until(total);
  const bool too_many_at_once = live->under_way > 0 && total.failures + live->under_way >= lockout_threshold;
  if (waits || too_many_at_once) {
    refused_attempts.add();
    co_return fail(ErrorKind::unauthenticated, "password_attempts_exceeded", "Password attempts exceeded");
  }
  ++live->under_way;
  co_return Attempt(std::make_unique<Attempt::Body>(state_.get(), std::move(subject), std::move(name),
                                                    elsewhere.failures > 0));
}

async::Task<> LockoutService::failed(Attempt attempt) {
  failed_attempts.add();
  FailureCount count;
  {
    const std::scoped_lock lock(state_->mutex);
    Live* live = state_->find(attempt.body_->name);
    if (live == nullptr)
      live = &state_->put(attempt.body_->name, Live{.count = {.epoch = attempt.body_->subject.epoch}});
    ++live->count.failures;
    live->count.last_failure = base_.clock.now();
    count = live->count;
  }
  if (attempt.body_->subject.user) {
    state_->writing.spawn(co_await boost::asio::this_coro::executor, store(attempt.body_->subject, count));
  }
}

async::Task<> LockoutService::succeeded(Attempt attempt) {
  bool counted = false;
  {
    const std::scoped_lock lock(state_->mutex);
    if (Live* live = state_->find(attempt.body_->name); live != nullptr) {
      counted = live->count.failures > 0;
      live->count.failures = 0;
    }
  }
  const bool others_counted = attempt.body_->others_counted;
  if (attempt.body_->subject.user && (counted || others_counted)) {
    state_->writing.spawn(co_await boost::asio::this_coro::executor,
                          clear(attempt.body_->subject, others_counted));
  }
}

async::Task<> LockoutService::store(AttemptSubject subject, FailureCount count) {
  const auto sub = uuid_bytes(subject.user->str());
  if (!sub) co_return;
  if (base_.writer.may_write()) {
    storage::Transaction transaction = base_.core.transaction();
    transaction.for_request(subject.request_id)
        .require_present(users_table, user_key(subject.pool, *sub), no_such_user())
        .put(failures_table, own_failures_key(subject, *sub, base_.region),
             storage::Scope::pool(subject.pool), record_version, encode(count));
    const auto written = co_await base_.writer.commit(std::move(transaction));
    if (written || written.error().kind == ErrorKind::not_found) co_return;
  }
  const auto kept = co_await async::offload(base_.disk, [&] {
    return base_.local.put(storage::local_tables::counters, local_failures_key(subject, *sub), encode(count));
  });
  if (!kept)
    log::error(log::For{subject.request_id}, "a failed attempt is counted in memory only", kept.error());
}

async::Task<> LockoutService::clear(AttemptSubject subject, bool others_counted) {
  const auto sub = uuid_bytes(subject.user->str());
  if (!sub) co_return;
  const auto erased = co_await async::offload(base_.disk, [&] {
    return base_.local.erase(storage::local_tables::counters, local_failures_key(subject, *sub));
  });
  if (!erased)
    log::error(log::For{subject.request_id}, "counted failures could not be removed from local.db",
               erased.error());
  if (!base_.writer.may_write()) co_return;
  storage::Transaction transaction = base_.core.transaction();
  transaction.for_request(subject.request_id)
      .erase(failures_table, own_failures_key(subject, *sub, base_.region));
  // Another region's count is not ours to erase; a higher epoch voids it.
  if (others_counted) {
    const auto credential = find_credential(base_.core.reader(), subject.pool, *subject.user);
    if (credential && *credential) {
      PasswordCredential raised = (*credential)->value;
      ++raised.lockout_epoch;
      const Bytes row = user_key(subject.pool, *sub);
      transaction.require_unchanged(credentials_table, row, (*credential)->tag, changed_meanwhile())
          .put(credentials_table, row, storage::Scope::pool(subject.pool), record_version, encode(raised));
    }
  }
  const auto written = co_await base_.writer.commit(std::move(transaction));
  if (!written && written.error().kind != ErrorKind::conflict) {
    log::error(log::For{subject.request_id}, "counted failures could not be removed", written.error());
  }
}

async::Task<> LockoutService::settled() { (void)co_await state_->writing.join(); }

}  // namespace holdfast::identity
