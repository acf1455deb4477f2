#include "holdfast/storage/change_observer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "test_store.h"

namespace holdfast::storage {
namespace {

constexpr Table watched{Family::apps, 0x03f1, "watched"};
constexpr Table same_id_elsewhere{Family::objects, 0x03f1, "elsewhere"};
constexpr Table unwatched{Family::apps, 0x03f2, "unwatched"};

TEST(Observers, SeeTheirTablesChangesInOrder) {
  test::TestStore store;
  std::vector<std::string> seen;
  const auto subscription = store.core().observe(watched, [&](BytesView key, bool deleted) {
    seen.push_back(std::string(deleted ? "-" : "+") + std::string(key));
  });
  auto transaction = store.transaction();
  transaction.put(watched, "b", Scope::system(), 1, "x")
      .put(same_id_elsewhere, "other family", Scope::system(), 1, "x")
      .put(watched, "a", Scope::system(), 1, "x")
      .put(unwatched, "other table", Scope::system(), 1, "x")
      .erase(watched, "b")
      .put(watched, "", Scope::system(), 1, "the empty key");
  store.commit(std::move(transaction));
  EXPECT_EQ(seen, (std::vector<std::string>{"+b", "+a", "-b", "+"}));
}

TEST(Observers, RunAfterTheWriteIsVisibleAndDurableAndBeforeTheAnswer) {
  test::TestStore store;
  bool ran = false;
  const auto subscription = store.core().observe(watched, [&](BytesView key, bool) {
    ran = true;
    EXPECT_EQ(store.reader().get(watched, key)->plain, "value");
    EXPECT_EQ(store.reader().head(), store.core().durable());
  });
  auto transaction = store.transaction();
  transaction.put(watched, "k", Scope::system(), 1, "value");
  store.commit(std::move(transaction));
  EXPECT_TRUE(ran);
}

TEST(Observers, CanReadWhatANewKeySealed) {
  test::TestStore store;
  Result<Stored> read = fail(ErrorKind::internal, "unset", "unset");
  const auto subscription =
      store.core().observe(watched, [&](BytesView key, bool) { read = store.reader().get(watched, key); });
  auto transaction = store.transaction();
  const auto scope = Scope::bucket("new");
  const auto id = store.core().keys()->create_key(transaction, scope, store.clock().now());
  transaction.put(watched, "k", id, 1, "value");
  store.commit(std::move(transaction));
  ASSERT_TRUE(read) << read.error().describe();
  EXPECT_EQ(read->plain, "value");
}

TEST(Observers, EachBatchTellsItsHeadAfterItsRows) {
  test::TestStore store;
  std::vector<std::string> order;
  std::vector<Head> heads;
  const auto rows = store.core().observe(watched, [&](BytesView, bool) { order.emplace_back("row"); });
  const auto ends = store.core().observe_heads([&](const Head& head) {
    order.emplace_back("head");
    heads.push_back(head);
    EXPECT_EQ(store.core().applied(), head) << "it can be read";
  });
  std::vector<Head> committed;
  for (int i = 0; i < 2; ++i) {
    auto transaction = store.transaction();
    transaction.put(watched, "k", Scope::system(), 1, "x");
    committed.push_back(store.commit(std::move(transaction)));
  }
  EXPECT_EQ(order, (std::vector<std::string>{"row", "head", "row", "head"}));
  EXPECT_EQ(heads, committed);
}

TEST(Observers, RefusedTransactionsAreNotSeen) {
  test::TestStore store;
  int seen = 0;
  const auto subscription = store.core().observe(watched, [&](BytesView, bool) { ++seen; });
  auto transaction = store.transaction();
  transaction.require_present(watched, "nothing", {}).put(watched, "k", Scope::system(), 1, "x");
  ASSERT_FALSE(store.committer().commit_and_wait(std::move(transaction)));
  EXPECT_EQ(seen, 0);
}

TEST(Observers, EndWithTheirSubscription) {
  ChangeHub hub;
  int first = 0;
  int second = 0;
  auto one = hub.observe(watched, [&](BytesView, bool) { ++first; });
  const auto two = hub.observe(watched, [&](BytesView, bool) { ++second; });
  const std::vector<Change> changes{
      {.family = Family::apps, .key = full_key(watched, "k"), .deleted = false}};
  hub.notify(changes, {});
  one.reset();
  hub.notify(changes, {});
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 2);
}

TEST(Observers, MayLetGoInsideTheCallback) {
  ChangeHub hub;
  int calls = 0;
  Subscription subscription;
  subscription = hub.observe(watched, [&](BytesView, bool) {
    ++calls;
    subscription.reset();
  });
  const Change change{.family = Family::apps, .key = full_key(watched, "k"), .deleted = false};
  hub.notify({change, change}, {});
  EXPECT_EQ(calls, 1);
}

TEST(Observers, OneCallbackMayEndTheNext) {
  ChangeHub hub;
  int calls = 0;
  Subscription second;
  const auto first = hub.observe(watched, [&](BytesView, bool) { second.reset(); });
  second = hub.observe(watched, [&](BytesView, bool) { ++calls; });
  hub.notify({{.family = Family::apps, .key = full_key(watched, "k"), .deleted = false}}, {});
  EXPECT_EQ(calls, 0);
}

TEST(Observers, LettingGoWaitsForARunningCallback) {
  ChangeHub hub;
  std::latch entered(1);
  std::latch leave(1);
  std::atomic<bool> finished = false;
  auto subscription = hub.observe(watched, [&](BytesView, bool) {
    entered.count_down();
    leave.wait();
    finished = true;
  });
  std::thread writer(
      [&] { hub.notify({{.family = Family::apps, .key = full_key(watched, "k"), .deleted = false}}, {}); });
  entered.wait();
  std::thread release([&] { leave.count_down(); });
  subscription.reset();
  EXPECT_TRUE(finished);
  writer.join();
  release.join();
}

TEST(Observers, MayOutliveTheHub) {
  Subscription subscription;
  {
    ChangeHub hub;
    subscription = hub.observe(watched, [](BytesView, bool) {});
  }
  subscription.reset();
}

TEST(Observers, ResetFollowsAnExchangedStore) {
  test::TestStore store;
  auto transaction = store.transaction();
  transaction.put(watched, "k", Scope::system(), 1, "old store");
  store.commit(std::move(transaction));
  // A second store of the same cluster and root cannot be made here, so an empty one stands for the snapshot.
  test::TempDirectory directory;
  ASSERT_TRUE(CoreDb::open({.path = directory.path() / "core.db", .create = true}));
  const Reader before = store.core().snapshot();
  int resets = 0;
  const auto subscription = store.core().on_reset([&] {
    ++resets;
    EXPECT_FALSE(*store.reader().find(watched, "k")) << "the new store is in place when reset fires";
  });
  ASSERT_TRUE(store.core().replace(directory.path() / "core.db"));
  EXPECT_EQ(resets, 1);
  EXPECT_EQ(store.core().applied(), Head{});
  const auto row = before.get(watched, "k");
  ASSERT_TRUE(row) << row.error().describe();
  EXPECT_EQ(row->plain, "old store") << "readers finish on the store they began with";

  EXPECT_FALSE(store.core().replace(directory.path() / "nothing"));
  EXPECT_EQ(resets, 1);
}

}  // namespace
}  // namespace holdfast::storage
