/// Merged sync commits of bare RocksDB: one thread takes every waiting transaction, writes them as one batch
/// with sync=true, and answers. What a durable write costs at least at this concurrency. The stores have
/// Holdfast's own options, one column family takes all rows, nothing is sealed, checked, hashed or shipped.
/// Usage: reference_commits DIRECTORY OUTSTANDING SECONDS COMMIT_CPU CLIENT_CPU KEY:VALUE...
///   → "transactions wall_seconds batches commit_cpu_seconds"
/// One KEY:VALUE pair of sizes for each row of a transaction.
#include <sched.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rocks.h"

namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;
using Sizes = std::vector<std::pair<std::size_t, std::size_t>>;

void pin(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  sched_setaffinity(0, sizeof cores, &cores);
}

/// Keys are random, as ids of comments are; values cannot be compressed, as sealed ones.
Rows make_rows(const Sizes& sizes, std::mt19937_64& random) {
  Rows rows;
  for (const auto& [key_size, value_size] : sizes) {
    std::string row(key_size + value_size, '\0');
    for (std::size_t at = 0; at < row.size(); at += sizeof(std::uint64_t)) {
      const std::uint64_t word = random();
      std::memcpy(row.data() + at, &word, std::min(sizeof word, row.size() - at));
    }
    rows.emplace_back(row.substr(0, key_size), row.substr(key_size));
  }
  return rows;
}

/// Clients of a closed loop: each one's next transaction waits here as soon as its last one was answered.
class Queue {
 public:
  void put(Rows rows) {
    {
      const std::scoped_lock lock(mutex_);
      waiting_.push_back(std::move(rows));
    }
    wake_.notify_one();
  }
  std::vector<Rows> take() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    return std::exchange(waiting_, {});
  }
  void stop() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Rows> waiting_;
  bool stopping_ = false;
};

/// Answers on their way to the clients' thread.
class Answers {
 public:
  void add(std::size_t count) {
    {
      const std::scoped_lock lock(mutex_);
      count_ += count;
    }
    wake_.notify_one();
  }
  std::size_t take() {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::milliseconds(100), [this] { return count_ > 0; });
    return std::exchange(count_, 0);
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::size_t count_ = 0;
};

struct Tally {
  std::atomic<std::size_t> transactions = 0;
  std::atomic<std::size_t> batches = 0;
  std::atomic<std::size_t> cpu_nanoseconds = 0;
  std::atomic<bool> failed = false;
};

/// Of the calling thread.
std::size_t cpu_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<std::size_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::size_t>(now.tv_nsec);
}

void commit_loop(holdfast::storage::RocksStore& store, Queue& queue, Answers& answers, Tally& tally,
                 int core) {
  pin(core);
  rocksdb::WriteOptions synced;
  synced.sync = true;
  auto* family = store.family(holdfast::storage::Family::apps);
  for (auto taken = queue.take(); !taken.empty(); taken = queue.take()) {
    rocksdb::WriteBatch batch;
    for (const auto& rows : taken) {
      for (const auto& [key, value] : rows) {
        if (!batch.Put(family, key, value).ok()) tally.failed = true;
      }
    }
    if (!store.db->Write(synced, &batch).ok()) tally.failed = true;
    tally.transactions += taken.size();
    ++tally.batches;
    tally.cpu_nanoseconds = cpu_nanoseconds();
    answers.add(taken.size());
  }
}

Sizes parse_sizes(int count, char** arguments) {
  Sizes sizes;
  for (int i = 0; i < count; ++i) {
    char* end = nullptr;
    const std::size_t key = std::strtoull(arguments[i], &end, 10);
    sizes.emplace_back(key, std::strtoull(end + 1, nullptr, 10));
  }
  return sizes;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 7) return 2;
  const std::size_t outstanding = std::strtoull(arguments[2], nullptr, 10);
  const std::chrono::duration<double> length(std::strtod(arguments[3], nullptr));
  const int commit_core = std::atoi(arguments[4]);
  pin(std::atoi(arguments[5]));
  const Sizes sizes = parse_sizes(count - 6, arguments + 6);
  auto store = holdfast::storage::open_rocks_store({.path = arguments[1], .create = true}, {});
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().describe().c_str());
    return 1;
  }

  Queue queue;
  Answers answers;
  Tally tally;
  std::mt19937_64 random(7);
  std::jthread committer([&] { commit_loop(**store, queue, answers, tally, commit_core); });
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < outstanding; ++i) queue.put(make_rows(sizes, random));
  while (std::chrono::steady_clock::now() - begin < length) {
    for (std::size_t left = answers.take(); left > 0; --left) queue.put(make_rows(sizes, random));
  }
  const std::size_t transactions = tally.transactions;
  const std::size_t batches = tally.batches;
  const double cpu_seconds = static_cast<double>(tally.cpu_nanoseconds) * 1e-9;
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
  queue.stop();
  committer.join();
  std::printf("%zu %.6f %zu %.6f\n", transactions, passed.count(), batches, cpu_seconds);
  return tally.failed ? 1 : 0;
}
