/// Fills a stopped region with users, through the real Transaction and Committer: the rows that creating a
/// user writes but its audit event, all with one verifier. Users are PREFIX0, PREFIX1, … with e-mail
/// addresses. Usage: seed_users CONFIG POOL PREFIX COUNT PASSWORD → "users seconds"
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <semaphore>
#include <thread>
#include <vector>

#include "holdfast/base/log.h"
#include "holdfast/crypto/password_hash.h"
#include "holdfast/crypto/random.h"
#include "holdfast/identity/user_rules.h"
#include "holdfast/storage/committer.h"
#include "records.h"
#include "stores.h"
#include "tables.h"
#include "user_store.h"

namespace {

using namespace holdfast;

constexpr std::size_t users_a_transaction = 200;
constexpr std::ptrdiff_t transactions_in_flight = 64;

struct Seeding {
  storage::CoreDb& core;
  storage::Committer& committer;
  identity::Pool pool;
  std::string prefix;
  std::string phc;
  std::counting_semaphore<transactions_in_flight> free_places{transactions_in_flight};
  std::atomic<bool> failed = false;
};

Result<> put_user(const Seeding& seeding, storage::Transaction& transaction, std::size_t number) {
  identity::User user;
  user.pool = seeding.pool.id;
  user.id = identity::new_user_id(crypto::system_entropy());
  user.username = seeding.prefix + std::to_string(number);
  user.status = identity::UserStatus::confirmed;
  user.attributes = {{"email", user.username + "@example.com"}, {"email_verified", "true"}};
  user.created_at = user.modified_at = system_clock().now();
  identity::PasswordCredential credential;
  credential.phc = seeding.phc;
  credential.version = 1;
  credential.changed_at = user.created_at;

  const auto& keys = *seeding.core.keys();
  const auto scope = storage::Scope::pool(user.pool);
  TRY(const Bytes sub, identity::uuid_bytes(user.id.str()));
  TRY(const Bytes name, identity::blind_username(keys, seeding.pool, user.username));
  TRY(const Bytes email, identity::blind_email(keys, user.pool, user.attributes["email"]));
  const Bytes row = identity::user_key(user.pool, sub);
  constexpr auto version = identity::record_version;
  transaction.put(identity::users_table, row, scope, version, identity::encode(user))
      .put(identity::credentials_table, row, scope, version, identity::encode(credential))
      .put(identity::usernames_table, identity::username_row_key(user.pool, name), scope, version, sub)
      .put(identity::user_order_table, identity::user_order_key(user.pool, user.created_at, sub), scope,
           version, identity::empty_record)
      .put(identity::addresses_table, identity::address_row_key(user.pool, email, sub), scope, version,
           identity::empty_record);
  return {};
}

void seed_range(Seeding& seeding, std::size_t first, std::size_t end) {
  while (first < end && !seeding.failed) {
    auto transaction = seeding.core.transaction();
    const std::size_t stop = std::min(end, first + users_a_transaction);
    for (; first < stop; ++first) {
      if (!put_user(seeding, transaction, first)) seeding.failed = true;
    }
    seeding.free_places.acquire();
    seeding.committer.commit(std::move(transaction), [&seeding](const Result<storage::Head>& head) {
      if (!head) seeding.failed = true;
      seeding.free_places.release();
    });
  }
}

Result<identity::Pool> find_pool(const storage::CoreDb& core, const PoolId& id) {
  TRY(const auto stored, core.reader().get(identity::pools_table, identity::pool_key(id)));
  return identity::decode_pool(id, stored.plain);
}

Result<> seed(char** arguments) {
  const std::size_t count = std::strtoull(arguments[4], nullptr, 10);
  TRY(const auto config, app::load_config(arguments[1]));
  TRY(auto stores, app::open_stores(config));
  TRY(auto pool, find_pool(*stores.core, PoolId(arguments[2])));
  TRY(auto phc, crypto::hash_password(arguments[5], {.memory_kib = config.argon2_memory_kib,
                                                     .iterations = config.argon2_iterations}));
  storage::Committer committer(*stores.core, system_clock(), {});
  TRY_VOID(committer.begin(stores.core->applied().term));

  const auto begin = std::chrono::steady_clock::now();
  Seeding seeding{.core = *stores.core,
                  .committer = committer,
                  .pool = std::move(pool),
                  .prefix = arguments[3],
                  .phc = std::move(phc)};
  const std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
  {
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < threads; ++i) {
      workers.emplace_back([&, i] { seed_range(seeding, count * i / threads, count * (i + 1) / threads); });
    }
  }
  for (std::ptrdiff_t i = 0; i < transactions_in_flight; ++i) seeding.free_places.acquire();
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
  if (seeding.failed) return fail(ErrorKind::internal, "internal", "not every user was written");
  std::printf("%zu %.3f\n", count, passed.count());
  return {};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) return 2;
  log::configure(log::Format::text, log::Level::warn);
  const auto done = seed(arguments);
  if (done) return 0;
  std::fprintf(stderr, "seed_users: %s\n", done.error().describe().c_str());
  return 1;
}
