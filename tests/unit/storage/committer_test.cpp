#include "holdfast/storage/committer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <latch>
#include <thread>
#include <vector>

#include "holdfast/crypto/random.h"
#include "storage/log_check.h"
#include "test_store.h"

namespace holdfast::storage {
namespace {

constexpr Table things{Family::apps, 0x03f0, "things"};
const Error taken_error{.kind = ErrorKind::conflict, .code = "taken", .message = "taken", .detail = {}};

Transaction put_thing(const test::TestStore& store, std::string_view key, std::string_view value = "value") {
  auto transaction = store.transaction();
  transaction.put(things, key, Scope::system(), 1, value);
  return transaction;
}

/// Collects what a committer publishes, and can hold it in the middle of a batch.
class PublishedBatches {
 public:
  CommitterOptions options() {
    return {.publish = [this](const RawBatchPtr& batch) {
      batches_.push_back(batch);
      if (hold_.exchange(false)) {
        held_.set_value();
        release_.get_future().wait();
      }
    }};
  }
  /// The next batch stops after it was published until `release`.
  void hold_next() { hold_ = true; }
  void wait_until_held() { held_.get_future().wait(); }
  void release() { release_.set_value(); }
  [[nodiscard]] const std::vector<RawBatchPtr>& batches() const { return batches_; }

 private:
  std::vector<RawBatchPtr> batches_;
  std::atomic<bool> hold_ = false;
  std::promise<void> held_;
  std::promise<void> release_;
};

std::future<Result<Head>> commit_later(Committer& committer, Transaction transaction) {
  auto promise = std::make_shared<std::promise<Result<Head>>>();
  auto answer = promise->get_future();
  committer.commit(std::move(transaction),
                   [promise](Result<Head> head) { promise->set_value(std::move(head)); });
  return answer;
}

TEST(Committer, WritesWhatItAnswers) {
  test::TestStore store;
  const auto before = store.core().durable();
  const auto head = store.commit(put_thing(store, "a", "plain text"));
  EXPECT_EQ(head.index, before.index + 1);
  EXPECT_EQ(head.term, (Term{.reign = 1, .incarnation = 1}));
  EXPECT_EQ(store.core().durable(), head);
  EXPECT_EQ(store.core().applied(), head);
  EXPECT_EQ(store.reader().head(), head);
  EXPECT_EQ(store.reader().get(things, "a")->plain, "plain text");
}

TEST(Committer, SixtyFourWritersMakeOneExactChain) {
  PublishedBatches published;
  test::TestStore store(published.options());
  constexpr int writers = 64;
  constexpr int each = 40;
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0; i < each; ++i) {
        auto transaction = put_thing(store, std::to_string(writer) + "/" + std::to_string(i));
        transaction.put(things, "last/" + std::to_string(writer), Scope::system(), 1, std::to_string(i));
        if (store.committer().commit_and_wait(std::move(transaction))) ++answered;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(answered, writers * each);

  const auto log = test::read_log(store.core());
  test::expect_exact_chain(log, store.core().durable());
  EXPECT_LT(log.size(), static_cast<std::size_t>(writers * each) / 2) << "transactions were not merged";
  ASSERT_EQ(published.batches().size(), log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    ASSERT_EQ(published.batches()[i]->rep, log[i].rep);
    ASSERT_EQ(published.batches()[i]->first_sequence, log[i].first_sequence);
    ASSERT_EQ(published.batches()[i]->count, log[i].count);
    ASSERT_EQ(published.batches()[i]->head, log[i].head);
  }
  std::size_t rows = 0;
  ASSERT_TRUE(store.reader().scan(things, {}, {}, SIZE_MAX, [&](BytesView, const Stored&) { ++rows; }));
  EXPECT_EQ(rows, static_cast<std::size_t>(writers * each + writers));
}

TEST(Committer, OnlyOneOfManyCreatesTheSameKey) {
  test::TestStore store;
  std::atomic<int> won = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  std::latch together(16);
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      auto transaction = store.transaction();
      transaction.require_absent(things, "only", taken_error).put(things, "only", Scope::system(), 1, "mine");
      together.arrive_and_wait();
      const auto head = store.committer().commit_and_wait(std::move(transaction));
      if (head) ++won;
      if (!head && head.error() == taken_error) ++refused;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(refused, 15);
}

TEST(Committer, UnchangedMakesReadModifyWriteExact) {
  test::TestStore store;
  store.commit(put_thing(store, "sum", "0"));
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&] {
      for (int done = 0; done < 10;) {
        const auto row = store.reader().get(things, "sum");
        auto transaction = put_thing(store, "sum", std::to_string(std::stoi(row->plain) + 1));
        transaction.require_unchanged(things, "sum", row->tag, taken_error);
        if (store.committer().commit_and_wait(std::move(transaction))) ++done;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(store.reader().get(things, "sum")->plain, "80");
}

TEST(Committer, AFailedPreconditionFailsOnlyItsOwnTransaction) {
  PublishedBatches published;
  test::TestStore store(published.options());
  published.hold_next();
  auto first = commit_later(store.committer(), put_thing(store, "first"));
  published.wait_until_held();
  // These four wait together and so become one batch, checked in order against what is before them in it.
  auto creates = put_thing(store, "x");
  creates.require_absent(things, "x", taken_error);
  auto again = put_thing(store, "x", "stolen");
  again.require_absent(things, "x", taken_error);
  auto erases = store.transaction();
  erases.require_present(things, "x", taken_error).erase(things, "x");
  auto creates_anew = put_thing(store, "x", "anew");
  creates_anew.require_absent(things, "x", taken_error);
  auto a = commit_later(store.committer(), std::move(creates));
  auto b = commit_later(store.committer(), std::move(again));
  auto c = commit_later(store.committer(), std::move(erases));
  auto d = commit_later(store.committer(), std::move(creates_anew));
  published.release();
  ASSERT_TRUE(first.get());
  const auto head = a.get();
  ASSERT_TRUE(head);
  EXPECT_EQ(b.get().error(), taken_error);
  EXPECT_EQ(c.get(), head);
  EXPECT_EQ(d.get(), head);
  EXPECT_EQ(store.reader().get(things, "x")->plain, "anew");
  test::expect_exact_chain(test::read_log(store.core()), store.core().durable());
}

TEST(Committer, UnchangedSeesTheBatchBeingBuilt) {
  PublishedBatches published;
  test::TestStore store(published.options());
  store.commit(put_thing(store, "row", "old"));
  const auto tag = store.reader().get(things, "row")->tag;
  published.hold_next();
  auto first = commit_later(store.committer(), put_thing(store, "first"));
  published.wait_until_held();
  auto one = put_thing(store, "row", "one");
  one.require_unchanged(things, "row", tag, taken_error);
  auto two = put_thing(store, "row", "two");
  two.require_unchanged(things, "row", tag, taken_error);
  auto a = commit_later(store.committer(), std::move(one));
  auto b = commit_later(store.committer(), std::move(two));
  published.release();
  ASSERT_TRUE(first.get());
  EXPECT_TRUE(a.get());
  EXPECT_FALSE(b.get());
  EXPECT_EQ(store.reader().get(things, "row")->plain, "one");
}

TEST(Committer, CommitTimeNeverGoesBack) {
  test::TestStore store;
  const auto first = store.commit(put_thing(store, "a"));
  store.clock().jump(-std::chrono::hours(24));
  const auto second = store.commit(put_thing(store, "b"));
  EXPECT_EQ(second.committed_at, first.committed_at);
  store.clock().jump(std::chrono::hours(25));
  EXPECT_GT(store.commit(put_thing(store, "c")).committed_at, second.committed_at);
}

TEST(Committer, PreconditionsAloneWriteNothing) {
  test::TestStore store;
  const auto head = store.commit(put_thing(store, "a"));
  auto holds = store.transaction();
  holds.require_present(things, "a", taken_error);
  EXPECT_EQ(store.committer().commit_and_wait(std::move(holds)), head);
  auto fails = store.transaction();
  fails.require_absent(things, "a", taken_error);
  EXPECT_EQ(store.committer().commit_and_wait(std::move(fails)).error(), taken_error);
  EXPECT_EQ(store.core().durable(), head);
}

TEST(Committer, ErrorsOfBuildingAreAnswered) {
  test::TestStore store;
  auto unknown = store.transaction();
  unknown.put(things, "a", Scope::bucket("nobody"), 1, "x").put(things, "b", Scope::system(), 1, "x");
  EXPECT_EQ(store.committer().commit_and_wait(std::move(unknown)).error().code, "key_missing");
  auto huge = store.transaction();
  huge.put(things, "a", Scope::system(), 1, crypto::random_bytes(max_record_bytes + 1));
  EXPECT_EQ(store.committer().commit_and_wait(std::move(huge)).error().code, "record_too_large");
  auto many = store.transaction();
  for (int i = 0; i < 5; ++i)
    many.put(things, std::to_string(i), Scope::system(), 1, crypto::random_bytes(300'000));
  EXPECT_EQ(store.committer().commit_and_wait(std::move(many)).error().code, "transaction_too_large");
  EXPECT_FALSE(*store.reader().find(things, "b"));
}

TEST(Committer, WhatDoesNotFitWaitsForTheNextBatch) {
  PublishedBatches published;
  auto options = published.options();
  options.batch_bytes = 4096;
  test::TestStore store(std::move(options));
  published.hold_next();
  auto first = commit_later(store.committer(), put_thing(store, "first"));
  published.wait_until_held();
  std::vector<std::future<Result<Head>>> waiting;
  for (int i = 0; i < 6; ++i) {
    waiting.push_back(
        commit_later(store.committer(), put_thing(store, std::to_string(i), crypto::random_bytes(1500))));
  }
  published.release();
  const auto index = first.get()->index;
  std::vector<std::uint64_t> indexes;
  for (auto& answer : waiting) indexes.push_back(answer.get()->index - index);
  EXPECT_EQ(indexes, (std::vector<std::uint64_t>{1, 1, 2, 2, 3, 3}));
  for (const auto& batch : published.batches()) EXPECT_LE(batch->rep.size(), 4096U);
}

TEST(Committer, AFullQueueIsOverloaded) {
  PublishedBatches published;
  auto options = published.options();
  options.queue_bytes = 4096;
  test::TestStore store(std::move(options));
  published.hold_next();
  auto first = commit_later(store.committer(), put_thing(store, "first"));
  published.wait_until_held();
  auto fits = commit_later(store.committer(), put_thing(store, "fits", crypto::random_bytes(3000)));
  EXPECT_EQ(
      store.committer().commit_and_wait(put_thing(store, "over", crypto::random_bytes(3000))).error().kind,
      ErrorKind::overloaded);
  published.release();
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(fits.get());
}

TEST(Committer, FenceMakesTheBatchInFlightUnknownAndRefusesTheQueue) {
  PublishedBatches published;
  test::TestStore store(published.options());
  published.hold_next();
  auto in_flight = commit_later(store.committer(), put_thing(store, "in flight"));
  published.wait_until_held();
  auto queued = commit_later(store.committer(), put_thing(store, "queued"));
  auto fence = std::async(std::launch::async, [&] { return store.committer().fence(); });
  while (store.committer().open()) std::this_thread::yield();
  published.release();
  const auto head = fence.get();
  EXPECT_EQ(in_flight.get().error().kind, ErrorKind::outcome_unknown);
  EXPECT_EQ(queued.get().error().kind, ErrorKind::read_only);
  EXPECT_EQ(head, store.core().durable());
  EXPECT_TRUE(*store.reader().find(things, "in flight"))
      << "it is in the log and in the head that fence returned";
  EXPECT_FALSE(*store.reader().find(things, "queued"));
  EXPECT_EQ(store.committer().commit_and_wait(put_thing(store, "late")).error().code, "read_only_region");

  EXPECT_EQ(store.committer().begin({.reign = 0, .incarnation = 9}).error().code, "stale_term");
  ASSERT_TRUE(store.committer().begin({.reign = 1, .incarnation = 2}));
  const auto resumed = store.commit(put_thing(store, "resumed"));
  EXPECT_EQ(resumed.index, head.index + 1);
  EXPECT_EQ(resumed.term, (Term{.reign = 1, .incarnation = 2}));
  test::expect_exact_chain(test::read_log(store.core()), resumed);
}

TEST(Committer, FenceWithNothingInFlightReturnsAtOnce) {
  test::TestStore store;
  const auto head = store.commit(put_thing(store, "a"));
  EXPECT_EQ(store.committer().fence(), head);
}

TEST(Committer, BelowTheFreeSpaceFloorNothingIsWritten) {
  test::TestStore store;
  const auto head = store.commit(put_thing(store, "a"));
  Committer strict(store.core(), store.clock(), {.free_space_floor_bytes = UINT64_MAX});
  ASSERT_TRUE(strict.begin(head.term));
  EXPECT_EQ(strict.commit_and_wait(put_thing(store, "b")).error().kind, ErrorKind::storage_full);
  EXPECT_EQ(store.core().durable(), head);
  EXPECT_TRUE(strict.open()) << "space may come back";
  EXPECT_TRUE(*store.reader().find(things, "a"));
}

TEST(Committer, WhatTakesFromTheReserveGoesBelowTheFloor) {
  test::TestStore store;
  const auto head = store.commit(put_thing(store, "a"));
  Committer strict(store.core(), store.clock(), {.free_space_floor_bytes = UINT64_MAX});
  ASSERT_TRUE(strict.begin(head.term));
  auto needed = put_thing(store, "needed");
  needed.take_from_reserve();
  EXPECT_TRUE(strict.commit_and_wait(std::move(needed)));
  EXPECT_TRUE(*store.reader().find(things, "needed"));
  Committer full(store.core(), store.clock(),
                 {.free_space_floor_bytes = UINT64_MAX, .reserve_floor_bytes = UINT64_MAX});
  ASSERT_TRUE(full.begin(head.term));
  auto late = put_thing(store, "late");
  late.take_from_reserve();
  EXPECT_EQ(full.commit_and_wait(std::move(late)).error().kind, ErrorKind::storage_full);
}

TEST(Committer, NothingIsTakenBeforeATermBegan) {
  test::TestStore store;
  Committer idle(store.core(), store.clock());
  EXPECT_EQ(idle.commit_and_wait(put_thing(store, "a")).error().code, "read_only_region");
}

TEST(Committer, CloseIsForGood) {
  test::TestStore store;
  store.committer().close("test");
  EXPECT_EQ(store.committer().commit_and_wait(put_thing(store, "a")).error().code, "storage_failed");
  EXPECT_EQ(store.committer().begin({.reign = 2, .incarnation = 1}).error().code, "storage_failed");
}

TEST(Committer, StoppingAnswersWhatStillWaits) {
  PublishedBatches published;
  test::TestStore store;
  auto committer = std::make_unique<Committer>(store.core(), store.clock(), published.options());
  ASSERT_TRUE(committer->begin({.reign = 1, .incarnation = 2}));
  published.hold_next();
  auto in_flight = commit_later(*committer, put_thing(store, "in flight"));
  published.wait_until_held();
  auto queued = commit_later(*committer, put_thing(store, "queued"));
  std::thread stop([&] { committer.reset(); });
  published.release();
  EXPECT_TRUE(in_flight.get());
  // Either the last batch took it, or it was told that the region stops; never silence.
  const auto answer = queued.get();
  if (!answer) EXPECT_EQ(answer.error().code, "shutting_down");
  EXPECT_EQ(answer.has_value(), store.reader().find(things, "queued")->has_value());
  stop.join();
}

TEST(Committer, ACoroutineResumesOnItsOwnExecutor) {
  // Before the store, so that it outlives the commit thread: that one is still in post() when the answer is
  // here.
  boost::asio::io_context context;
  test::TestStore store;
  std::thread::id resumed_on;
  Result<Head> head = fail(ErrorKind::internal, "unset", "unset");
  const auto write = [](test::TestStore* owner, Result<Head>* out,
                        std::thread::id* on) -> boost::asio::awaitable<void> {
    *out = co_await owner->committer().commit(put_thing(*owner, "co"));
    *on = std::this_thread::get_id();
  };
  boost::asio::co_spawn(context, write(&store, &head, &resumed_on),
                        [](const std::exception_ptr& error) { EXPECT_FALSE(error); });
  context.run();
  EXPECT_TRUE(head) << head.error().describe();
  EXPECT_EQ(resumed_on, std::this_thread::get_id());
  EXPECT_TRUE(*store.reader().find(things, "co"));
}

}  // namespace
}  // namespace holdfast::storage
