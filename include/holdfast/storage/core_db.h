#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/clock.h"
#include "holdfast/base/result.h"
#include "holdfast/storage/change_observer.h"
#include "holdfast/storage/key_ring.h"
#include "holdfast/storage/position.h"
#include "holdfast/storage/reader.h"
#include "holdfast/storage/transaction.h"

namespace holdfast::storage {

struct RocksTuning;

struct CoreDbOptions {
  std::filesystem::path path;  ///< `<data>/generations/<n>/core.db`
  bool create = false;         ///< false: absent is `not_found`; true: an existing one is `conflict`
  std::size_t block_cache_bytes = 64UL * 1024 * 1024;
  /// Opening a store on a full disk aborts the process (RocksDB 7.8, seen), so below this it is refused as
  /// `storage_full`: free the ballast first.
  std::uint64_t open_floor_bytes = 48UL * 1024 * 1024;
};

/// core.db: the one replicated store. Lives as long as the process; a snapshot install exchanges the
/// directory under it
/// (`replace`). Reading needs `unlock` first. Writing is the Committer's (primary) or the LogApplier's
/// (secondary), never both. Thread-safe. After a background error of RocksDB nothing may be written in this
/// process's life (`failure`); reading goes on.
class CoreDb {
 public:
  /// Kinds: `not_found`, `conflict`, `storage_full`, `corrupt` (unknown families, damaged), `unavailable` (in
  /// use).
  static Result<std::unique_ptr<CoreDb>> open(CoreDbOptions options);
  CoreDb(const CoreDb&) = delete;
  CoreDb& operator=(const CoreDb&) = delete;
  ~CoreDb();

  /// Loads the key ring: proves that this region can open its data. Call once, before any reader or
  /// transaction.
  Result<> unlock(ClusterId cluster, RootKey root);
  [[nodiscard]] bool unlocked() const;
  /// Null before `unlock`.
  [[nodiscard]] std::shared_ptr<KeyRing> keys() const;

  [[nodiscard]] Reader reader() const;    ///< always the latest state
  [[nodiscard]] Reader snapshot() const;  ///< this moment
  [[nodiscard]] Transaction transaction() const;

  /// What is visible: the last written batch (on a secondary perhaps not yet synced).
  [[nodiscard]] Head applied() const;
  /// The published synced position: nothing above it may leave the process.
  [[nodiscard]] Head durable() const;

  [[nodiscard]] Subscription observe(const Table& table, ChangeCallback callback);
  [[nodiscard]] Subscription observe_heads(HeadCallback callback);
  [[nodiscard]] Subscription on_reset(std::function<void()> callback);

  /// Why nothing can be written any more, once that is so.
  [[nodiscard]] std::optional<std::string> failure() const;
  /// Runs once, on a thread of RocksDB, when a background error strikes; at once if it has.
  [[nodiscard]] Subscription on_failure(std::function<void(std::string reason)> callback);

  /// Whether `replace` could open the store at `path` and its data keys with this region's root key; changes
  /// no file there. To be asked before anything points to it.
  [[nodiscard]] Result<> check_replacement(std::filesystem::path path) const;
  /// Exchanges the store for the one at `path` (an installed snapshot), reloads the ring and fires reset.
  /// Nothing may be writing. On failure the old store stays.
  Result<> replace(std::filesystem::path path);
  [[nodiscard]] std::filesystem::path path() const;

  /// For storage's own parts (src/storage/rocks.h).
  [[nodiscard]] std::shared_ptr<RocksStore> rocks() const;
  ChangeHub& changes() { return changes_; }
  static Result<std::unique_ptr<CoreDb>> open_tuned(CoreDbOptions options, const RocksTuning& tuning);

 private:
  struct State;
  explicit CoreDb(std::unique_ptr<State> state);

  ChangeHub changes_;
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::storage
