#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "holdfast/async/task_group.h"
#include "holdfast/replication/hello.h"
#include "holdfast/replication/replication.h"
#include "slot_book.h"
#include "snapshot_shelf.h"

namespace holdfast::replication {

class SourceDriver;
struct VerifyJob;

/// What all sessions of one process share. Outlives every task in `tasks`. Thread-safe.
struct Context {
  Context(Replication::Parts shared_parts, Replication::Options shared_options,
          std::unique_ptr<SlotBook> book);

  Replication::Parts parts;
  Replication::Options options;
  std::unique_ptr<SlotBook> slots;
  SnapshotShelf shelf;
  storage::LogTail tail;
  std::atomic<bool> stopping = false;
  std::atomic<std::uint64_t> next_mark = 1;

  /// When the primary was last heard by a sink session, and since when this process waits for it.
  std::atomic<std::int64_t> primary_heard_ns = 0;

  void heard_primary(SteadyTime at);

  // Sessions that members dialled, by name.
  bool enter(const RegionName& name, Purpose purpose);
  void leave(const RegionName& name, Purpose purpose);
  void add_source(const std::shared_ptr<SourceDriver>& driver);
  [[nodiscard]] std::vector<std::shared_ptr<SourceDriver>> sources();
  /// False when the member follows no log now.
  bool give_to_stream_of(const RegionName& member, const std::shared_ptr<VerifyJob>& job);

  // Members that say on a connection made by this region that they are primary. A primary dials nobody: who
  // comes with such a member's key meanwhile is a second copy of it.
  void hear_primary(const RegionName& name);
  void stop_hearing_primary(const RegionName& name);
  [[nodiscard]] bool hears_primary(const RegionName& name);

  // Blobs that a session is fetching, so that two members are not asked for the same one.
  bool claim_blob(const BlobId& id);
  void release_blob(const BlobId& id);

  /// At most one session writes the store: two would interleave two streams.
  bool claim_store();
  void release_store();
  /// At most one comparison at a time reads the store.
  bool claim_comparison();
  void release_comparison();

  /// How often this snapshot has failed to verify, this time included; one is received at a time.
  int count_failed_verification(const std::string& snapshot);

  void set_progress(std::optional<SnapshotProgress> progress);
  [[nodiscard]] std::optional<SnapshotProgress> progress();

  /// Last: its tasks use everything above.
  async::TaskGroup tasks{"replication"};

 private:
  std::mutex mutex_;
  std::set<std::pair<RegionName, Purpose>> inside_;
  std::vector<std::weak_ptr<SourceDriver>> sources_;
  std::multiset<RegionName> primaries_;
  std::set<BlobId> claimed_;
  bool store_claimed_ = false;
  bool comparison_claimed_ = false;
  std::string failing_snapshot_;
  int failed_verifications_ = 0;
  std::optional<SnapshotProgress> progress_;
};

/// Each reads the whole store on one of the few threads for that: one at a time, whoever asks for it, and
/// however often.
class ComparisonClaim {
 public:
  explicit ComparisonClaim(Context& context) : context_(&context), held_(context.claim_comparison()) {}
  ComparisonClaim(const ComparisonClaim&) = delete;
  ComparisonClaim& operator=(const ComparisonClaim&) = delete;
  ~ComparisonClaim() {
    if (held_) context_->release_comparison();
  }
  [[nodiscard]] bool held() const { return held_; }

 private:
  Context* context_;
  bool held_;
};

}  // namespace holdfast::replication
