#include "holdfast/identity/rehasher.h"

#include <utility>

#include "holdfast/async/task_group.h"
#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"
#include "holdfast/identity/user_rules.h"
#include "records.h"
#include "tables.h"
#include "user_store.h"

namespace holdfast::identity {
namespace {

metrics::Metric rehashed_verifiers{metrics::Kind::counter, "holdfast_verifiers_rehashed_total",
                                   "Password verifiers written anew with the configured parameters."};

// Beyond this a wave of sign-ins after a change of parameters does not add to its own load.
constexpr std::size_t rehashes_at_once = 64;

}  // namespace

struct Rehasher::State {
  async::TaskGroup running{"verifiers written anew"};
};

Rehasher::Rehasher(Foundation base, PasswordHasher hasher)
    : base_(std::move(base)), hasher_(hasher), state_(std::make_unique<State>()) {}
Rehasher::~Rehasher() = default;

bool Rehasher::wants(const std::string& phc) const {
  return base_.writer.may_write() && crypto::needs_rehash(phc, base_.argon2) &&
         state_->running.size() < rehashes_at_once;
}

async::Task<> Rehasher::start(PoolId pool, UserId user, std::string phc, Secret password,
                              std::string request_id) {
  state_->running.spawn(
      co_await boost::asio::this_coro::executor,
      rehash(std::move(pool), std::move(user), std::move(phc), std::move(password), std::move(request_id)));
}

async::Task<> Rehasher::rehash(PoolId pool, UserId user, std::string phc, Secret password,
                               std::string request_id) {
  // A turn of its own: it waits behind people who sign in, and takes none of theirs.
  auto renewed =
      co_await hasher_.hash({.address = "rehash", .user = user.str()}, std::string(password.expose()));
  if (!renewed) co_return;
  const auto credential = find_credential(base_.core.reader(), pool, user);
  if (!credential || !*credential || (*credential)->value.phc != phc) co_return;
  const auto sub = uuid_bytes(user.str());
  if (!sub) co_return;
  // The same password: version and times stay, so sessions stay, and the trail has nothing to say.
  PasswordCredential changed = (*credential)->value;
  changed.phc = *std::move(renewed);
  const Bytes row = user_key(pool, *sub);
  storage::Transaction transaction = base_.core.transaction();
  transaction.for_request(request_id)
      .require_unchanged(credentials_table, row, (*credential)->tag, changed_meanwhile())
      .put(credentials_table, row, storage::Scope::pool(pool), record_version, encode(changed));
  const auto written = co_await base_.writer.commit(std::move(transaction));
  if (written) {
    rehashed_verifiers.add();
  } else if (written.error().kind != ErrorKind::conflict && written.error().kind != ErrorKind::read_only) {
    log::warn(log::For{request_id}, "a verifier was not written anew",
              {{"reason", written.error().describe()}});
  }
}

async::Task<> Rehasher::settled() { (void)co_await state_->running.join(); }

}  // namespace holdfast::identity
