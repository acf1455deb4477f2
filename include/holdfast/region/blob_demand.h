#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "holdfast/async/event.h"
#include "holdfast/async/task.h"
#include "holdfast/base/clock.h"
#include "holdfast/base/ids.h"
#include "holdfast/base/result.h"
#include "holdfast/region/listeners.h"
#include "holdfast/storage/blob_store.h"

namespace holdfast::region {

/// Which blobs this region has rows for but not yet the bytes, and what those rows say the bytes are. The
/// objects room says what it wants (observers while batches arrive, one scan of pending rows at start);
/// replication fetches from any member that has it, and takes nothing but what the row says.
/// In memory only: the rows remember. Thread-safe. Lives as long as the process.
class BlobDemand {
 public:
  explicit BlobDemand(const Clock& clock) : clock_(&clock) {}

  /// Asks for a blob that is not in the BlobStore. Asking twice is one wish.
  void want(const BlobId& id, storage::BlobContent content);
  /// The row went away.
  void forget(const BlobId& id);
  /// For a GET of a pending object: moves the blob to the front and waits. Errors: `unavailable`, code
  /// `content_pending`, when it did not arrive in time.
  async::Task<Result<>> fetch_now(BlobId id, storage::BlobContent content, std::chrono::milliseconds limit);

  [[nodiscard]] std::size_t missing() const;
  /// Requests that wait now, over all wishes.
  [[nodiscard]] std::size_t waiting() const;
  /// How long the oldest wish has been waiting; nothing when nothing is missing.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> oldest() const;

  // For replication only.
  /// The next wishes, urgent ones first, behind those given before (round robin).
  [[nodiscard]] std::vector<BlobId> next(std::size_t limit);
  /// What is wanted under this id; nothing when nobody wants it any more.
  [[nodiscard]] std::optional<storage::BlobContent> wanted(const BlobId& id) const;
  /// It was fetched and verified: whoever waits goes on.
  void arrived(const BlobId& id);
  /// Fires when a wish was added.
  [[nodiscard]] Subscription on_wanted(std::function<void()> callback) {
    return on_wanted_.add(std::move(callback));
  }

 private:
  struct Wish {
    storage::BlobContent content;
    SteadyTime since;
    std::list<BlobId>::iterator place;  ///< its one entry in queue_
    std::vector<std::weak_ptr<async::Event>> waiters;
  };

  /// With the mutex held.
  Wish& add(const BlobId& id, storage::BlobContent content);
  void stop_waiting(const BlobId& id, const std::shared_ptr<async::Event>& waiter);

  const Clock* clock_;
  mutable std::mutex mutex_;
  std::map<BlobId, Wish> wishes_;
  std::list<BlobId> queue_;  ///< one entry a wish, in order of asking
  Listeners<> on_wanted_;
};

}  // namespace holdfast::region
